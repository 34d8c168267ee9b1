"""How sure a measured share is. Of what is no share: :mod:`convscope.analysis.bootstrap`."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z_95 = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval; both ends in the unit of what it is for."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A measured number and how sure it is."""

    value: float
    interval: Interval
    """95% confidence."""


def simultaneous_z(comparisons: int) -> float:
    """For intervals of which, of so many looked at together, all hold with 95% confidence (Bonferroni's correction).

    Who picks the worst of ten classes has looked at ten: one of ten intervals of 95% misses its share in four cases of ten.
    Raises ``ValueError`` for less than one.
    """
    if comparisons < 1:
        raise ValueError(f"{comparisons} comparisons were given; at least one was expected")
    return NormalDist().inv_cdf(1 - 0.025 / comparisons)


def wilson(successes: int, trials: int, z: float = Z_95) -> Interval:
    """The Wilson score interval of a proportion, in 0..1; 95% unless ``z`` says otherwise.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927. Unlike the
    textbook's p ± z·sd it stays within 0..1 and holds its level near them, where accuracies are. Written out because
    the libraries that have it take half a second to import and the formula is one line; the tests check it against
    them. Raises ``ValueError`` unless 0 ≤ successes ≤ trials and trials > 0.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is no proportion; 0 ≤ successes ≤ trials was expected, with trials > 0")
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    centre = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    return Interval(max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def simultaneous_wilson(successes: int, trials: int, comparisons: int) -> Interval:
    """The Wilson interval of one of so many proportions that are looked at together: with 95% confidence all of them hold."""
    return wilson(successes, trials, simultaneous_z(comparisons))
