"""Area under the ROC curve with its interval, and the difference between two paired areas."""

from math import erfc, exp, inf, log, sqrt

import numpy as np

from ...types import Floats
from .proportions import Z_95, Difference, Estimate, Interval, boundary


def auroc(high: Floats, low: Floats, *, z: float = Z_95) -> Estimate:
    """Return the probability that a score of the first group exceeds one of the second, with its interval (95% by default).

    The value is the Mann-Whitney statistic divided by m·n, where ties count one half; the interval is the union of two.

    The first interval uses the variance of E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves", Biometrics, 1988, on the logit scale. The second is method 5 of
    R. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2", Statistics in
    Medicine, 2006.

    ``high`` (m,) are the scores of the group that should score higher, ``low`` (n,) those of the other group.
    """
    _check(high, low)
    above, below = _placements(high, low), _placements(low, high)
    area = float(above.mean())
    variance = float(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low))
    # In simulations DeLong's interval keeps its level for moderate areas but is too short close to 1, and has no width at 1;
    # there Newcombe's keeps it.
    ends = (_delong_interval(area, variance, z), _newcombe_interval(area, len(high), len(low), z))
    return Estimate(area, Interval(min(each.low for each in ends), max(each.high for each in ends)))


def auroc_difference(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> Difference:
    """Return the difference between two areas with DeLong's test for paired scores (1988).

    Both are ``(high, low)`` as for :func:`auroc`, of the same images in the same order.
    """
    _check(*first)
    above, below = (_placements(*first) - _placements(*second), _placements(*first[::-1]) - _placements(*second[::-1]))
    value = float(above.mean())
    spread = sqrt(float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))
    score = abs(value) / spread if spread > 0 else 0.0 if value == 0 else inf
    low, high = max(-1.0, value - Z_95 * spread), min(1.0, value + Z_95 * spread)
    return Difference(value, Interval(low, high), erfc(score / sqrt(2)))


def _check(high: Floats, low: Floats) -> None:
    if min(len(high), len(low)) < 2:
        raise ValueError(f"each group needs at least 2 scores; got {len(high)} and {len(low)}")


def _placements(scores: Floats, others: Floats) -> Floats:
    """Return for each score the share of ``others`` that it exceeds; ties count one half."""
    ranked = np.sort(others)
    return np.asarray((np.searchsorted(ranked, scores, "left") + np.searchsorted(ranked, scores, "right")) / 2 / len(others))


def _delong_interval(area: float, variance: float, z: float) -> Interval:
    if not 0 < area < 1:
        return Interval(area, area)
    middle, spread = log(area / (1 - area)), z * sqrt(variance) / (area * (1 - area))
    return Interval(1 / (1 + exp(spread - middle)), 1 / (1 + exp(-spread - middle)))


def _newcombe_interval(area: float, first: int, second: int, z: float = Z_95) -> Interval:
    """Return all areas that a score test does not reject.

    Their variance is that of J. Hanley and B. McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", 1982, with both sample sizes replaced by their mean.
    """
    mean = (first + second) / 2

    def is_possible(other: float) -> bool:
        spread = other * (1 - other) * (1 + (mean - 1) * ((1 - other) / (2 - other) + other / (1 + other)))
        return abs(area - other) <= z * sqrt(spread / (first * second))

    return Interval(boundary(is_possible, area, 0.0), boundary(is_possible, area, 1.0))
