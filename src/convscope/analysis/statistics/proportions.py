"""Confidence intervals of proportions, and whether those of groups differ.

Other statistics: :mod:`convscope.analysis.statistics.bootstrap`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ...types import Floats

Z_95 = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""
HALVINGS = 60
"""Bisection steps when searching for the end of an interval: beyond the precision of float64."""


class Interval(NamedTuple):
    """A confidence interval, in the unit of its estimate."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A measured number with its 95% confidence interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Difference(Estimate):
    """The difference between two shares or areas, −1..1."""

    p: float
    """Two-sided p-value of the hypothesis that both are equal."""


def simultaneous_z(comparisons: int) -> float:
    """Return the z of intervals that all hold at once with 95% confidence (Bonferroni's correction).

    Picking the worst of ten classes means looking at ten: with plain 95% intervals, at least one of the ten misses its true
    share in four cases of ten.
    """
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1; got {comparisons}")
    return NormalDist().inv_cdf(1 - 0.025 / comparisons)


def wilson(successes: float, trials: float, z: float = Z_95) -> Interval:
    """Return the Wilson score interval of a proportion, in 0..1; 95% unless ``z`` says otherwise.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927. Unlike the
    textbook's p ± z·sd it stays within 0..1 and keeps its coverage near 0 and 1, where accuracies lie.
    """
    # Written out: the libraries that have it take half a second to import. The tests compare with them.
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"successes must lie in 0..trials, and trials be above 0; got {successes} of {trials}")
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    centre = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return Interval(
        0.0 if successes == 0 else low, 1.0 if successes == trials else high
    )  # exact, where rounding would not be


UNKNOWN = Interval(0.0, 1.0)
"""The interval of a proportion without trials; with any, the interval is narrower."""


def is_measured(interval: Sequence[float]) -> bool:
    """Return whether a proportion with this interval had trials."""
    return tuple(interval) != UNKNOWN


def wilson_or_unknown(successes: int, trials: int) -> Interval:
    """Return the 95% Wilson interval, or ``UNKNOWN`` if there are no trials."""
    return wilson(successes, trials) if trials else UNKNOWN


def boundary(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where ``holds`` ends between ``inside`` and ``outside``, by bisection."""
    if holds(outside):
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def simultaneous_wilson(successes: int, trials: int, comparisons: int) -> Interval:
    """Return the Wilson interval of one of several proportions, so that all hold at once with 95% confidence."""
    return wilson(successes, trials, simultaneous_z(comparisons))


def binomial_tail(count: int, n: int, share: float) -> float:
    """Return the binomial probability of at least ``count``, or 1 up to the mean."""
    if count <= n * share:
        return 1.0
    # Summed here because importing scipy.stats takes longer than this package.
    ways = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    term = exp(ways + count * log(share) + (n - count) * log1p(-share))
    total = 0.0
    for number in range(count, n + 1):
        total += term
        term *= (n - number) / (number + 1) * share / (1 - share)
    return total


@dataclass(frozen=True)
class Share:
    """``count`` of ``n`` images."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("value", "interval")

    count: int
    n: int

    @classmethod
    def of(cls, chosen: npt.NDArray[np.bool_]) -> Self:
        """Return the share of true values in ``chosen`` (n,)."""
        return cls(int(chosen.sum()), len(chosen))

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
