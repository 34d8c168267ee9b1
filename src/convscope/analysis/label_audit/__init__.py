"""Confident learning: labels that are probably wrong."""
