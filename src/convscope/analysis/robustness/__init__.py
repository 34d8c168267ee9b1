"""Corruptions and adversarial attacks."""
