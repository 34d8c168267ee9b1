"""Datasets known by name."""
