"""How many seeds it takes to tell a difference from chance."""

from __future__ import annotations

from math import sqrt

from .plan import MOST_SEEDS
from .seed_statistics import t_quantile

FEWEST_SEEDS = 5
"""Fewer give no verdict: a spread estimated from four differences is off by a factor of two too often."""
POWER = 0.8
FAR, CERTAIN = 6.0, 30.0
"""Standard errors from 0 to a difference, beyond which a test has no chance to find one of the other sign, or to find none.
SciPy's function does not always give a number there."""


def seeds_needed(difference: float, sd: float) -> int | None:
    """The fewest seeds with which the paired t-test of two configurations finds, four times in five, a mean ``difference``
    between them whose standard deviation between seeds is ``sd``; of this pair alone, at the level of 5%. ``None`` where that
    takes more than a study may have, or where there is no difference.

    It takes the measured values for the true ones: good for planning the next study, and no second opinion on this one, of
    which it says nothing that p does not (J. Hoenig and D. Heisey, "The abuse of power", The American Statistician 55, 2001).
    """
    if difference == 0:
        return None
    if sd <= 1e-12 * abs(difference):
        return FEWEST_SEEDS
    effect = abs(difference) / sd
    if power(effect, MOST_SEEDS) < POWER:
        return None
    low, high = FEWEST_SEEDS - 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(effect, middle) >= POWER else (middle, high)
    return high


def power(effect: float, n: int) -> float:
    """The probability that a two-sided paired t-test at the level of 5% with ``n`` pairs, at least five, finds a mean difference
    of ``effect`` standard deviations: from the noncentral t distribution (J. Cohen, "Statistical power analysis", 1988)."""
    from scipy.special import nctdtr

    edge, shift = t_quantile(n - 1), effect * sqrt(n)
    if shift > CERTAIN:
        return 1.0
    other_sign = 0.0 if shift > FAR else float(nctdtr(n - 1, shift, -edge))
    return 1 - float(nctdtr(n - 1, shift, edge)) + other_sign
