"""Classify new images with a trained network."""
