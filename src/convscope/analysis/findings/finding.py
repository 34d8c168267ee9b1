"""The Finding class, and how findings write intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...formatting import percent_range


@dataclass(frozen=True)
class Finding:
    """A statement that the numbers of this run support."""

    text: str
    """The full sentence, with the number and its interval."""
    brief: str
    """The same in a few plain words, without its interval, for the top of the page."""
    figure: str
    """The figure that shows the evidence, or the part of the section on uncertainty: ``"ood"``, ``"attacks"`` or
    ``"label_audit"``."""
    value: float
    interval: Sequence[float]
    """``[low, high]``: its 95% interval, corrected for selection if the number was chosen among several."""


def interval_text(interval: Sequence[float], digits: int = 2) -> str:
    """Return the interval of a share as text: ``"95% CI 99.72–99.89%"``."""
    return f"95% CI {percent_range(interval, digits)}"
