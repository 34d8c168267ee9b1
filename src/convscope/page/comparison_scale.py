"""Where intervals lie on a common line, in thousandths of its length: what the page of a comparison draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis.intervals import Interval

LENGTH = 1000
MARGIN = 0.06
"""Of the span, left free at both ends."""
SMALLEST_SPAN = 1e-4
"""A hundredth of a point: intervals of equal perfection would have no span at all."""


@dataclass(frozen=True)
class Scale:
    """A line from ``low`` to ``high``."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of ``value``, 0..1000."""
        return round(LENGTH * (value - self.low) / (self.high - self.low), 1)

    def width(self, interval: Interval) -> float:
        """The length of ``interval``."""
        return round(self.at(interval.high) - self.at(interval.low), 1)


def of_accuracies(intervals: Sequence[Interval]) -> Scale:
    """From the lowest end to the highest, with some air, but not above 1."""
    low, high = min(each.low for each in intervals), max(each.high for each in intervals)
    air = max(MARGIN * (high - low), SMALLEST_SPAN / 2)
    return Scale(max(0.0, low - air), min(1.0, high + air))


def of_differences(intervals: Sequence[Interval]) -> Scale:
    """With zero in the middle, so that its side is seen at once."""
    reach = max(max(abs(each.low), abs(each.high)) for each in intervals)
    reach = max(reach * (1 + MARGIN), SMALLEST_SPAN / 2)
    return Scale(-reach, reach)
