"""Two networks on the same images: how often which of them was right, and how far apart their accuracies are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ..types import Labels
from .intervals import Z_95, Interval

HALVINGS = 60
"""Of the span in which an end of the interval is looked for: more than a float64 can tell apart."""


@dataclass(frozen=True)
class PairedCounts:
    """Images by who was right."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    @property
    def n(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def discordant(self) -> int:
        """Images that just one of the two got right: the only ones that tell anything about the difference."""
        return self.only_first + self.only_second

    @property
    def difference(self) -> float:
        """Accuracy of the first less that of the second, −1..1."""
        return (self.only_first - self.only_second) / self.n

    @property
    def interval(self) -> Interval:
        """95% interval of the difference."""
        return paired_interval(self.only_first, self.only_second, self.n)


def count_pairs(labels: Labels, first: Labels, second: Labels) -> PairedCounts:
    """From the true classes (n,) and what two networks answered, (n,) each."""
    of_first, of_second = first == labels, second == labels
    return PairedCounts(
        int((of_first & of_second).sum()),
        int((of_first & ~of_second).sum()),
        int((~of_first & of_second).sum()),
        int((~of_first & ~of_second).sum()),
    )


def paired_interval(only_first: int, only_second: int, n: int, z: float = Z_95) -> Interval:
    """The interval of a difference between two proportions of the same ``n`` images; 95% unless ``z`` says otherwise.

    Tango's score interval (T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", 1998): every difference that a score test does not reject. It holds its level where accuracies are
    close to 1 and few images tell the two apart, where the textbook's interval is too short, and that by Newcombe, which adds
    up the intervals of the two proportions, too long (``tests/analysis/test_paired_difference.py``). Raises ``ValueError``
    unless the counts fit together.
    """
    if min(only_first, only_second) < 0 or only_first + only_second > n or n == 0:
        raise ValueError(f"{only_first} and {only_second} of {n} cannot be; counts of disjoint images were expected, n > 0")
    observed = (only_first - only_second) / n

    def rejected(difference: float) -> bool:
        return abs(_score(difference, only_first, only_second, n)) > z

    return Interval(_edge(-1.0, observed, rejected), _edge(1.0, observed, rejected))


def _score(difference: float, only_first: int, only_second: int, n: int) -> float:
    """How many standard deviations the observed difference is from ``difference``, were that the true one.

    The share of images that only the second gets right is then estimated by maximum likelihood, the positive root of a
    quadratic equation.
    """
    linear = -only_first - only_second + (2 * n - only_first + only_second) * difference
    constant = -only_second * difference * (1 - difference)
    only_second_share = (sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * only_second_share + difference * (1 - difference))
    distance = only_first - only_second - n * difference
    if variance <= 0:
        return 0.0 if distance == 0 else float(np.copysign(np.inf, distance))
    return distance / sqrt(variance)


def _edge(far: float, near: float, rejected: Callable[[float], bool]) -> float:
    """Between ``near``, which is not rejected, and ``far``: where rejection begins."""
    if not rejected(far):
        return far
    for _ in range(HALVINGS):
        middle = (far + near) / 2
        far, near = (middle, near) if rejected(middle) else (far, middle)
    return near
