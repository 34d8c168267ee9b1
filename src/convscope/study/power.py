"""Statistical power: the number of seeds that a difference takes to be significant."""

from __future__ import annotations

from math import sqrt

from .plan import MOST_SEEDS
from .seed_statistics import t_quantile

FEWEST_SEEDS = 5
"""Fewest seeds for a significance test: estimated from four differences, a spread is often off by a factor of 2."""
POWER = 0.8
FAR, CERTAIN = 6.0, 30.0
"""Standard errors beyond which a test cannot find the other sign, or cannot miss; there SciPy's function may return NaN."""


def seeds_needed(difference: float, sd: float) -> int | None:
    """Return the fewest seeds that detect a mean ``difference`` with 80% power at the 5% level, for one pair.

    It treats measured values as true ones: useful to plan the next study, but it adds nothing to the p-value of this one
    (J. Hoenig and D. Heisey, "The abuse of power", The American Statistician 55, 2001).

    Args:
        difference: The mean difference of two configurations.
        sd: Its standard deviation between seeds.

    Returns:
        The number of seeds, or None if it exceeds the most that a study may have, or the difference is 0.
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
    """Return the power of a two-sided paired t-test at the 5% level with ``n`` ≥ 5 pairs.

    From the noncentral t distribution (J. Cohen, "Statistical power analysis", 1988); ``effect`` is the mean difference in standard
    deviations.
    """
    from scipy.special import nctdtr

    edge, shift = t_quantile(n - 1), effect * sqrt(n)
    if shift > CERTAIN:
        return 1.0
    other_sign = 0.0 if shift > FAR else float(nctdtr(n - 1, shift, -edge))
    return 1 - float(nctdtr(n - 1, shift, edge)) + other_sign
