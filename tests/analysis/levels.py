"""Whether an interval covers the truth, or a test rejects, as often as it says: within what chance makes of so many trials."""

from __future__ import annotations

from scipy.stats import binomtest

RARE = 1e-3
"""The probability of what is put down to chance no more."""


def holds(hits: int, trials: int, *, low: float = 0.95, high: float | None = None) -> bool:
    """Whether ``hits`` of ``trials`` may come of a probability from ``low`` to ``high``, by default the same. Where an interval is
    known to be a little short or long, the two say by how much it may be."""
    at_most = low if high is None else high
    too_few = binomtest(hits, trials, low, alternative="less").pvalue
    too_many = binomtest(hits, trials, at_most, alternative="greater").pvalue
    return bool(min(too_few, too_many) >= RARE)
