"""Paired comparison of runs: reading, checking, measuring and the page."""
