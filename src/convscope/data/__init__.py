"""Datasets, their readers, splits, checks and preprocessing; independent of networks."""
