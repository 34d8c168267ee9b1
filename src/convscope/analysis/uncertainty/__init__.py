"""Calibration and selective prediction."""
