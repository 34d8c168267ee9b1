"""Means over seeds with t-intervals. A seed determines initial weights, image order and validation images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from ..analysis.intervals import Interval

LEVEL = 0.95


@dataclass(frozen=True)
class MeanOverSeeds:
    """A mean with its standard deviation between seeds and its 95% CI."""

    n: int
    mean: float
    sd: float | None
    """With n − 1 degrees of freedom; None for one seed."""
    interval: Interval | None
    """95% CI of the mean, by Student's t; None for one seed."""


def mean_over_seeds(values: Sequence[float]) -> MeanOverSeeds:
    """Return mean, standard deviation and t-interval of ``values``, one per seed.

    "Student", "The probable error of a mean", Biometrika 6, 1908. Exact for normal values and nearly so for others; with few
    seeds, a bootstrap is too narrow.

    Raises:
        ValueError: There are no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("mean_over_seeds needs at least one value")
    mean = fsum(values) / n
    if n == 1:
        return MeanOverSeeds(1, mean, None, None)
    sd = sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile(n - 1) * sd / sqrt(n)
    return MeanOverSeeds(n, mean, sd, Interval(mean - half, mean + half))


def t_quantile(degrees: float) -> float:
    """Return the 97.5% quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + LEVEL) / 2))


def two_sided(t: float, degrees: int) -> float:
    """Return the two-sided p-value of ``t``."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(t)))
