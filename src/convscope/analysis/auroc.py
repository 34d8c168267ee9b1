"""How well a score tells two kinds of images apart, whatever threshold one would choose, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erfc, exp, inf, log, sqrt

import numpy as np

from ..types import Floats
from .intervals import Z_95, Interval

HALVINGS = 60
"""Of an interval in which a root lies: more than a float64 can tell apart."""


@dataclass(frozen=True)
class Auroc:
    """The area under the ROC curve."""

    value: float
    """0..1: the probability that a score of the first kind is above one of the second; ties count by half. 0.5 is chance."""
    interval: Interval
    """Of 95%."""


@dataclass(frozen=True)
class AurocDifference:
    """Two scores for the same images: by how much the first tells the two kinds apart better."""

    value: float
    """The area of the first less that of the second, −1..1."""
    interval: Interval
    """Of 95%."""
    p: float
    """Two-sided, of the hypothesis that the areas are equal."""


def auroc(high: Floats, low: Floats, *, z: float = Z_95) -> Auroc:
    """Of the scores ``high`` (m,), which should be above, and ``low`` (n,): the Mann-Whitney statistic over m·n. Its interval,
    of 95% unless ``z`` says otherwise, is the wider one of two.

    The first has the variance of E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves", 1988, on the scale of the logit. In simulations it holds its level
    in the middle, but not where almost no pair is out of order, and where none is, it has no width. The second is method 5
    of R. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic", part 2, 2006, which
    holds it there. Raises ``ValueError`` where there are fewer than two of either.
    """
    _check(high, low)
    above, below = _placements(high, low), _placements(low, high)
    area = float(above.mean())
    variance = float(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low))
    ends = (_of_delong(area, variance, z), _of_newcombe(area, len(high), len(low), z))
    return Auroc(area, Interval(min(each.low for each in ends), max(each.high for each in ends)))


def auroc_difference(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> AurocDifference:
    """Of two scores for the same images, each as ``(high, low)`` with (m,) and (n,) in the same order. DeLong's test for pairs:
    what is hard for both scores takes no part in it. Raises ``ValueError`` as :func:`auroc` does."""
    _check(*first)
    above, below = (_placements(*first) - _placements(*second), _placements(*first[::-1]) - _placements(*second[::-1]))
    value = float(above.mean())
    spread = sqrt(float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))
    score = abs(value) / spread if spread > 0 else 0.0 if value == 0 else inf
    low, high = max(-1.0, value - Z_95 * spread), min(1.0, value + Z_95 * spread)
    return AurocDifference(value, Interval(low, high), erfc(score / sqrt(2)))


def _check(high: Floats, low: Floats) -> None:
    if min(len(high), len(low)) < 2:
        raise ValueError(f"{len(high)} and {len(low)} scores were given; at least two of each were expected")


def _placements(scores: Floats, others: Floats) -> Floats:
    """For each score the share of ``others`` that it is above, ties by half."""
    ranked = np.sort(others)
    return np.asarray((np.searchsorted(ranked, scores, "left") + np.searchsorted(ranked, scores, "right")) / 2 / len(others))


def _of_delong(area: float, variance: float, z: float) -> Interval:
    if not 0 < area < 1:
        return Interval(area, area)
    middle, spread = log(area / (1 - area)), z * sqrt(variance) / (area * (1 - area))
    return Interval(1 / (1 + exp(spread - middle)), 1 / (1 + exp(-spread - middle)))


def _of_newcombe(area: float, first: int, second: int, z: float = Z_95) -> Interval:
    """All areas that would not have made the measured one a surprise. Their variance is that of J. Hanley and B. McNeil, 1982,
    with the mean of the two numbers in the place of either."""
    mean = (first + second) / 2

    def is_possible(other: float) -> bool:
        spread = other * (1 - other) * (1 + (mean - 1) * ((1 - other) / (2 - other) + other / (1 + other)))
        return abs(area - other) <= z * sqrt(spread / (first * second))

    return Interval(_last(is_possible, area, 0.0), _last(is_possible, area, 1.0))


def _last(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where ``holds`` ends on the way from ``inside`` to ``outside``."""
    if holds(outside):
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
