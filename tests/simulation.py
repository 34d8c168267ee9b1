"""Checks of coverage and rejection rates by simulation."""

from __future__ import annotations

from scipy.stats import binomtest

RARE = 1e-3
"""Significance level of a deviation from the nominal rate."""


def holds(hits: int, trials: int, *, low: float = 0.95, high: float | None = None) -> bool:
    """Return whether ``hits`` of ``trials`` are compatible with a probability from ``low`` to ``high``.

    Args:
        hits: Number of intervals that cover the truth, or of rejections.
        trials: Number of trials.
        low: Smallest probability.
        high: Largest probability, equal to ``low`` by default; a range allows for a known deviation.
    """
    at_most = low if high is None else high
    too_few = binomtest(hits, trials, low, alternative="less").pvalue
    too_many = binomtest(hits, trials, at_most, alternative="greater").pvalue
    return bool(min(too_few, too_many) >= RARE)
