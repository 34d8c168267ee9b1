"""Shares in groups of different images: whether they differ, and by how much."""

from functools import lru_cache

import numpy as np

from ...types import Floats
from .proportions import Interval, wilson

PERMUTATIONS = 9_999


@lru_cache(maxsize=64)
def homogeneity_p(hits: tuple[int, ...], sizes: tuple[int, ...]) -> float:
    """Return the p-value of the hypothesis that all groups have the same share: a permutation test with Pearson's χ².

    The hits of all groups are dealt out again at random, which keeps the level for any number of hits; χ²'s own distribution
    does so only where each group has several. The same counts give the same p-value, 0.0001 at the least.
    """
    observed, n = np.array(hits, np.int64), np.array(sizes, np.int64)
    observed, n = observed[n > 0], n[n > 0]
    total = int(observed.sum())
    if len(n) < 2 or total in (0, int(n.sum())):
        return 1.0
    drawn = np.random.Generator(np.random.PCG64(0)).multivariate_hypergeometric(n, total, PERMUTATIONS, method="marginals")
    # With fixed margins, χ² increases with the sum of squared hits per image.
    least = (observed**2 / n).sum() * (1 - 1e-12)
    return float((1 + ((drawn**2 / n).sum(axis=1) >= least).sum()) / (1 + PERMUTATIONS))


def independent_interval(first: int, first_n: int, second: int, second_n: int) -> Interval:
    """Return the 95% interval of ``first / first_n - second / second_n``.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998,
    method 10.
    """
    one, other = first / first_n, second / second_n
    of_one, of_other = wilson(first, first_n), wilson(second, second_n)
    low = np.hypot(one - of_one.low, of_other.high - other)
    high = np.hypot(of_one.high - one, other - of_other.low)
    return Interval(float(one - other - low), float(one - other + high))


def mean_interval(values: Floats) -> Interval:
    """Return the 95% interval of the mean of ``values`` (n,), one per image, each in 0..1.

    Wilson's interval for as many images as would give a share the standard error that this mean has. E. L. Korn and B. I.
    Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
    Survey Methodology 24, 1998. Of values that are all 0 or 1 it is Wilson's own.
    """
    mean, n = float(values.mean()), len(values)
    spread = float(values.var(ddof=1)) if n > 1 else 0.0
    binomial = mean * (1 - mean) * n / max(n - 1, 1)
    effective = n * binomial / spread if spread > 0 else float(n)
    return wilson(mean * effective, effective)
