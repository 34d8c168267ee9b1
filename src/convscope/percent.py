"""Shares as percentages, written the same way everywhere: with a space, as the SI has it."""

from __future__ import annotations


def percent(share: float, digits: int = 2) -> str:
    """0.9935 → ``"99.35 %"``."""
    return f"{100 * share:.{digits}f} %"
