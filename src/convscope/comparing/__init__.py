"""Runs set against each other: opened, checked, measured, and put on a page."""
