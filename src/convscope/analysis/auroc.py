"""How well a score tells two kinds of images apart, whatever threshold one would choose, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt

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
    """Of 95 %."""


def auroc(high: Floats, low: Floats) -> Auroc:
    """Of the scores ``high`` (m,), which should be above, and ``low`` (n,): the Mann-Whitney statistic over m·n. Its interval
    is the wider one of two.

    The first has the variance of E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves", 1988, on the scale of the logit. In simulations it holds its level
    in the middle, but not where almost no pair is out of order, and where none is, it has no width. The second is method 5
    of R. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic", part 2, 2006, which
    holds it there. Raises ``ValueError`` where there are fewer than two of either.
    """
    if min(len(high), len(low)) < 2:
        raise ValueError(f"{len(high)} and {len(low)} scores were given; at least two of each were expected")
    above, below = _placements(high, low), _placements(low, high)
    area = float(above.mean())
    variance = float(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low))
    ends = (_of_delong(area, variance), _of_newcombe(area, len(high), len(low)))
    return Auroc(area, Interval(min(each.low for each in ends), max(each.high for each in ends)))


def _placements(scores: Floats, others: Floats) -> Floats:
    """For each score the share of ``others`` that it is above, ties by half."""
    ranked = np.sort(others)
    return np.asarray((np.searchsorted(ranked, scores, "left") + np.searchsorted(ranked, scores, "right")) / 2 / len(others))


def _of_delong(area: float, variance: float) -> Interval:
    if not 0 < area < 1:
        return Interval(area, area)
    middle, spread = log(area / (1 - area)), Z_95 * sqrt(variance) / (area * (1 - area))
    return Interval(1 / (1 + exp(spread - middle)), 1 / (1 + exp(-spread - middle)))


def _of_newcombe(area: float, first: int, second: int) -> Interval:
    """All areas that would not have made the measured one a surprise. Their variance is that of J. Hanley and B. McNeil, 1982,
    with the mean of the two numbers in the place of either."""
    mean = (first + second) / 2

    def is_possible(other: float) -> bool:
        spread = other * (1 - other) * (1 + (mean - 1) * ((1 - other) / (2 - other) + other / (1 + other)))
        return abs(area - other) <= Z_95 * sqrt(spread / (first * second))

    return Interval(_last(is_possible, area, 0.0), _last(is_possible, area, 1.0))


def _last(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where ``holds`` ends on the way from ``inside`` to ``outside``."""
    if holds(outside):
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
