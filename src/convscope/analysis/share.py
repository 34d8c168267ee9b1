"""Measured proportions of images, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .intervals import Interval, wilson


@dataclass(frozen=True)
class Share:
    """``count`` of ``n`` images."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("value", "interval")

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


class Accuracy(Share):
    """The share of images that are classified correctly."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("accuracy", "interval")

    @property
    def accuracy(self) -> float:
        """0..1."""
        return self.value
