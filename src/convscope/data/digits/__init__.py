"""MNIST-style preprocessing: ink, segmentation, centring."""
