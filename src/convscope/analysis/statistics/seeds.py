"""Means over seeds with t-intervals. A seed determines initial weights, image order and validation images."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np

from ...formatting import ROUNDING
from ...types import Floats
from .proportions import Interval


@dataclass(frozen=True)
class MeanOverSeeds:
    """A mean with its standard deviation between seeds and its 95% CI."""

    n: int
    mean: float
    sd: float | None
    """With n − 1 degrees of freedom; None for one seed."""
    interval: Interval | None
    """95% CI of the mean, by Student's t; None for one seed, and for equal values, which show no spread."""


def mean_over_seeds(values: Sequence[float], test_ratio: float = 0.0) -> MeanOverSeeds:
    """Return mean, standard deviation and t-interval of ``values``, one per seed.

    "Student", "The probable error of a mean", Biometrika 6, 1908. Exact for normal values and nearly so for others; with few
    seeds, a bootstrap is too narrow.

    For values of folds, ``test_ratio`` is the number of held-out images per training image. The folds' training sets overlap, and
    the variance of the mean is taken as (1/n + test_ratio) sd² instead of sd²/n: C. Nadeau and Y. Bengio, "Inference for the
    generalization error", Machine Learning 52, 2003; for repeated cross-validation R. Bouckaert and E. Frank, PAKDD 2004.
    """
    n = len(values)
    if n == 0:
        raise ValueError("mean_over_seeds needs at least one value")
    mean = fsum(values) / n
    if n == 1:
        return MeanOverSeeds(1, mean, None, None)
    sd = sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1))
    if sd <= ROUNDING * abs(mean):
        return MeanOverSeeds(n, mean, sd, None)
    half = t_quantile(n - 1) * sd * sqrt(1 / n + test_ratio)
    return MeanOverSeeds(n, mean, sd, Interval(mean - half, mean + half))


def t_quantile(degrees: float) -> float:
    """Return the 97.5% quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def two_sided(t: float, degrees: int) -> float:
    """Return the two-sided p-value of ``t``."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(t)))


def interval_over_both(values: Floats) -> Interval | None:
    """Return the 95% CI of the mean of ``values`` (seeds, n), or None for a single seed or image.

    It is never narrower than the interval of either factor alone, and conservative for few seeds.
    """
    seeds, n = values.shape
    if min(seeds, n) < 2:
        return None
    mean = float(values.mean())
    of_seeds, of_images = values.mean(axis=1), values.mean(axis=0)
    rest = values - of_seeds[:, None] - of_images + mean
    degrees = (seeds - 1, n - 1, (seeds - 1) * (n - 1))
    parts = (
        float(of_seeds.var(ddof=1)) / seeds,
        float(of_images.var(ddof=1)) / n,
        float((rest**2).sum()) / degrees[2] / (seeds * n),
    )
    variance = max(parts[0] + parts[1] - parts[2], parts[0], parts[1])
    if variance == 0:
        return Interval(mean, mean)
    freedom = variance**2 / sum(part**2 / number for part, number in zip(parts, degrees, strict=True))
    half = t_quantile(max(1.0, freedom)) * sqrt(variance)
    return Interval(mean - half, mean + half)


def expected_best(values: Sequence[float]) -> tuple[float, ...]:
    """Return, for K from 1 to n, the mean over all subsets of K ``values`` of their maximum.

    The first is the mean and the last the maximum. Proposed by J. Dodge et al., "Show your work", EMNLP 2019; this unbiased form:
    R. Tang et al., "Showing your work doesn't always work", ACL 2020.
    """
    n = len(values)
    if n == 0:
        raise ValueError("expected_best needs at least one value")
    ascending, rank = np.sort(np.asarray(values, np.float64)), np.arange(n)
    # The value of rank r is the maximum of the share C(r, K − 1) / C(n, K) of all subsets. It is computed from the share for
    # K − 1, because the binomial coefficients overflow floats.
    share, found = np.full(n, 1 / n), [float(ascending.mean())]
    for k in range(1, n):
        share = share * np.maximum(rank - k + 1, 0) / k * (k + 1) / (n - k)
        found.append(float(share @ ascending))
    return tuple(found)
