"""What a finding is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A sentence, and the figure (or section) in which its evidence is."""

    text: str
    figure: str
    value: float | None = None
    """The number that it is about, in the unit of what it is; ``None`` where it is about several."""
    interval: Sequence[float] | None = None
    """``[low, high]``, 95 %; ``None`` of what was counted and not measured."""
