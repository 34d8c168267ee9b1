"""The fifteen corruptions of MNIST-C."""
