"""The fifteen corruptions of MNIST-C at five strengths, for any small images."""
