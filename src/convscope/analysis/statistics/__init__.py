"""Intervals and tests, without domain words."""
