"""A measured share of some images, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .intervals import Interval, wilson


@dataclass(frozen=True)
class Share:
    """``count`` of ``n`` images."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """0..1."""
        return self.count / self.n

    @property
    def interval(self) -> Interval:
        """Wilson, 95%."""
        return wilson(self.count, self.n)

    def as_metrics(self, name: str = "accuracy") -> dict[str, Any]:
        """As ``metrics.json`` has it."""
        return {name: self.value, "interval": [self.interval.low, self.interval.high], "count": self.count}
