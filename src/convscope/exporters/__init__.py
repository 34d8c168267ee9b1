"""Trained models for elsewhere, one module per format."""
