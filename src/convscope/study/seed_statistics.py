"""How sure a mean over seeds is. A seed decides the first weights, the order of the images and which are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from ..analysis.intervals import Interval

LEVEL = 0.95


@dataclass(frozen=True)
class MeanOverSeeds:
    """A mean with its standard deviation between seeds, and its 95% interval."""

    n: int
    mean: float
    sd: float | None
    """Divided by n − 1; ``None`` for one seed, which says nothing of others."""
    interval: Interval | None
    """Of the mean, by Student's t: where the mean of endlessly many seeds is thought to be."""


def mean_over_seeds(values: Sequence[float]) -> MeanOverSeeds:
    """Mean, standard deviation and t-interval of ``values``, one per seed.

    "Student", "The probable error of a mean", Biometrika 6, 1908. Holds its level for values that scatter normally, and
    nearly for others; with the few seeds that a study has, a bootstrap is too narrow.
    Raises ``ValueError`` where there is none.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values were given; one per seed was expected")
    mean = fsum(values) / n
    if n == 1:
        return MeanOverSeeds(1, mean, None, None)
    sd = sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile(n - 1) * sd / sqrt(n)
    return MeanOverSeeds(n, mean, sd, Interval(mean - half, mean + half))


def t_quantile(degrees: float) -> float:
    """The 97.5% quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + LEVEL) / 2))


def two_sided(t: float, degrees: int) -> float:
    """The probability of a t so far from 0, or farther."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(t)))
