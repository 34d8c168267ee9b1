"""Out-of-distribution images."""
