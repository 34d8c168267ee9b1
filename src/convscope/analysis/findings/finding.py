"""What a finding is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...formatting import percent


@dataclass(frozen=True)
class Finding:
    """A sentence that this run's numbers bear out, and would not have to."""

    text: str
    """With the number and its interval."""
    brief: str
    """The same in a few words, for the first screen."""
    figure: str
    """The figure in which its evidence is, or the part of the section on doubt: ``"ood"``, ``"attacks"`` or
    ``"label_audit"``."""
    value: float
    """The number that it is about, in the unit of what it is."""
    interval: Sequence[float]
    """``[low, high]``: 95% confidence, for all that it was chosen among where it was chosen."""


def span(interval: Sequence[float], digits: int = 2) -> str:
    """``[0.9972, 0.9989]`` → ``"99.72 to 99.89%"``."""
    low, high = interval
    return f"{100 * low:.{digits}f} to {percent(high, digits)}"
