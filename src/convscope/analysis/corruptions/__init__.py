"""The fifteen corruptions of MNIST-C at five strengths each, for any small images, one family per module."""
