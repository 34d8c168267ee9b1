"""A loopback HTTP service."""
