"""Reliability: predictions in bins of confidence, and the calibration error that chance alone makes."""

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Labels
from ..statistics.proportions import Interval, wilson
from .temperature import NUM_BINS, bin_indices

DRAWS = 2000


@dataclass(frozen=True)
class ReliabilityBin:
    """The images with a confidence above ``low`` and at most ``high``; at least one."""

    low: float
    high: float
    n: int
    correct: int
    confidence: float
    """Mean, 0..1."""
    accuracy: float
    """Share that was classified correctly."""
    interval: Interval
    """Of the accuracy: Wilson, 95%."""


def reliability(confidence: Floats, correct: Labels, *, bins: int = NUM_BINS) -> tuple[ReliabilityBin, ...]:
    """Return the bins that hold an image, in ascending order."""
    indices = bin_indices(confidence, bins=bins)
    counts = np.bincount(indices, minlength=bins)
    hits = np.bincount(indices, weights=correct, minlength=bins)
    sums = np.bincount(indices, weights=confidence, minlength=bins)
    return tuple(
        ReliabilityBin(
            index / bins,
            (index + 1) / bins,
            int(counts[index]),
            int(hits[index]),
            float(sums[index] / counts[index]),
            float(hits[index] / counts[index]),
            wilson(int(hits[index]), int(counts[index])),
        )
        for index in np.flatnonzero(counts).tolist()
    )


def ece_null_quantile(confidence: Floats, *, seed: int = 0) -> float:
    """Return the 95th percentile of the expected calibration error under perfect calibration.

    It is above zero: of a hundred predictions with 90% confidence, seldom exactly ninety are correct. After J. Bröcker and
    L. A. Smith, "Increasing the reliability of reliability diagrams", 2007.
    """
    indices = bin_indices(confidence)
    # The number of correct predictions in a bin is taken as normal: then the sum of variances is all that a bin needs.
    variance = np.bincount(indices, weights=confidence * (1 - confidence), minlength=NUM_BINS)
    draws = np.random.Generator(np.random.PCG64(seed)).normal(size=(DRAWS, NUM_BINS)) * np.sqrt(variance)
    return float(np.quantile(np.abs(draws).sum(axis=1), 0.95) / len(confidence))
