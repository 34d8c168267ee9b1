"""Whether a network that is 90% sure is right nine times in ten: its answers sorted into bins by their confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .calibration import NUM_BINS
from .intervals import Interval, wilson

DRAWS = 2000


@dataclass(frozen=True)
class ReliabilityBin:
    """The images whose confidence is above ``low`` and at most ``high``; at least one."""

    low: float
    high: float
    n: int
    right: int
    confidence: float
    """Mean, 0..1."""
    accuracy: float
    """Share that was classified correctly."""
    interval: Interval
    """Of the accuracy: Wilson, 95%."""


def bin_places(confidence: Floats, *, bins: int = NUM_BINS) -> Labels:
    """(n,) the bin of each ``confidence`` (n,): of equal width; a bin holds its upper edge and not its lower one."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def reliability(confidence: Floats, right: Labels, *, bins: int = NUM_BINS) -> tuple[ReliabilityBin, ...]:
    """The bins that hold an image, in ascending order. ``right`` (n,): whether each answer was, as 0 and 1."""
    places = bin_places(confidence, bins=bins)
    counts = np.bincount(places, minlength=bins)
    hits = np.bincount(places, weights=right, minlength=bins)
    sums = np.bincount(places, weights=confidence, minlength=bins)
    return tuple(
        ReliabilityBin(
            place / bins,
            (place + 1) / bins,
            int(counts[place]),
            int(hits[place]),
            float(sums[place] / counts[place]),
            float(hits[place] / counts[place]),
            wilson(int(hits[place]), int(counts[place])),
        )
        for place in np.flatnonzero(counts).tolist()
    )


def error_by_chance(confidence: Floats, *, bins: int = NUM_BINS, seed: int = 0) -> float:
    """The expected calibration error that a network which means what it says stays below in 19 of 20 test sets.

    It is never zero: of a hundred answers with 90%, seldom just ninety are right. Drawn by the normal approximation to the
    number of right answers per bin, which is what makes the error depend on their sum alone; after J. Bröcker and
    L. A. Smith, "Increasing the reliability of reliability diagrams", 2007.
    """
    places = bin_places(confidence, bins=bins)
    variance = np.bincount(places, weights=confidence * (1 - confidence), minlength=bins)
    draws = np.random.Generator(np.random.PCG64(seed)).normal(size=(DRAWS, bins)) * np.sqrt(variance)
    return float(np.quantile(np.abs(draws).sum(axis=1), 0.95) / len(confidence))
