"""Pixels and labels: datasets, their readers, the one preparation of images, splits. Knows nothing of networks."""
