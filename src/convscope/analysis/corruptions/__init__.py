"""The fifteen kinds of corruption of MNIST-C, each in five strengths, for any small images. One family per file."""
