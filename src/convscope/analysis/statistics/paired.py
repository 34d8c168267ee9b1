"""Paired tests: whether two networks, or two kinds of images, differ significantly on the same images."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ...types import Floats, Labels
from .proportions import Z_95, Interval, boundary
from .seeds import two_sided

LEVEL = 0.05
"""Significance level: the probability of finding a difference between two equally good networks."""


def mid_p(only_first: int, only_second: int) -> float:
    """Return the two-sided mid-p value of McNemar's test, 1 without discordant images.

    The counts are those of the images that only one of the two networks classifies correctly.

    M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better
    than exact conditional", BMC Medical Research Methodology 13, 2013. The exact test is far too conservative, the chi-squared
    test slightly too liberal.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts must not be negative; got {only_first} and {only_second}")
    fewer, discordant = min(only_first, only_second), only_first + only_second
    if discordant == 0:
        return 1.0
    # Binomial coefficients as integers, so that no count overflows or underflows.
    term = tail = 1
    for number in range(fewer):
        term = term * (discordant - number) // (number + 1)
        tail += term
    if only_first == only_second:
        return float(1 - term / (2 << discordant))
    return float((2 * tail - term) / (1 << discordant))


@dataclass(frozen=True)
class PairedCounts:
    """Numbers of images by which of two networks classifies them correctly."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    @property
    def n(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def discordant(self) -> int:
        """Number of images that exactly one network classifies correctly."""
        return self.only_first + self.only_second

    @property
    def difference(self) -> float:
        """Accuracy of the first network minus that of the second, −1..1."""
        return (self.only_first - self.only_second) / self.n

    @property
    def interval(self) -> Interval:
        """95% interval of the difference; it contains 0 unless McNemar's test rejects that."""
        # The score test rejects 0 for 7 pairs of counts up to 200 for which mid-p is just above its level.
        low, high = paired_interval(self.only_first, self.only_second, self.n)
        return Interval(low, high) if self.significant else Interval(min(low, 0.0), max(high, 0.0))

    @property
    def p(self) -> float:
        """Mid-p value of McNemar's test."""
        return mid_p(self.only_first, self.only_second)

    @property
    def significant(self) -> bool:
        """Whether McNemar's test rejects equal accuracy."""
        # The intervals of two accuracies do not answer this: on the same images they may overlap although nearly every
        # image that only one of the networks misclassifies is misclassified by the same one.
        return self.p <= LEVEL


def count_pairs(labels: Labels, first: Labels, second: Labels) -> PairedCounts:
    """Return the counts for ``labels`` (n,) and the predictions (n,) of two networks."""
    first_correct, second_correct = first == labels, second == labels
    return PairedCounts(
        int((first_correct & second_correct).sum()),
        int((first_correct & ~second_correct).sum()),
        int((~first_correct & second_correct).sum()),
        int((~first_correct & ~second_correct).sum()),
    )


def paired_interval(only_first: float, only_second: float, n: int, z: float = Z_95) -> Interval:
    """Return Tango's score interval of the difference in accuracy between two networks.

    It contains every difference that a score test does not reject: T. Tango, "Equivalence test and confidence interval for the
    difference in proportions for the paired-sample design", Statistics in Medicine 17, 1998.
    """
    # With accuracies close to 1 and few discordant images, Wald's interval is too short and Newcombe's too long; see
    # tests/analysis/test_paired_difference.py.
    if min(only_first, only_second) < 0 or only_first + only_second > n or n == 0:
        raise ValueError(
            f"only_first and only_second must count disjoint images among n > 0; got {only_first} and {only_second} of {n}"
        )
    observed = (only_first - only_second) / n

    def is_possible(difference: float) -> bool:
        return abs(_score(difference, only_first, only_second, n)) <= z

    return Interval(boundary(is_possible, observed, -1.0), boundary(is_possible, observed, 1.0))


def _score(difference: float, only_first: float, only_second: float, n: int) -> float:
    """Return the observed difference in standard errors from the hypothetical ``difference``."""
    # The share of images that only the second network classifies correctly is estimated by maximum likelihood under that
    # hypothesis: the positive root of a quadratic equation.
    linear = -only_first - only_second + (2 * n - only_first + only_second) * difference
    constant = -only_second * difference * (1 - difference)
    only_second_share = (sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * only_second_share + difference * (1 - difference))
    distance = only_first - only_second - n * difference
    if variance <= 0:
        return 0.0 if distance == 0 else float(np.copysign(np.inf, distance))
    return distance / sqrt(variance)


MIN_PAIRS = 10
"""Fewest differences for a t-test: of fewer, all may be equal by chance."""


def paired_p(differences: Floats) -> float:
    """Return the two-sided p-value of the hypothesis that the mean of ``differences`` (n,) is 0, by Student's t."""
    error, mean = standard_error(differences), float(differences.mean())
    if len(differences) < MIN_PAIRS or mean == 0:
        return 1.0
    return two_sided(mean / error, len(differences) - 1) if error > 0 else 0.0


def standard_error(values: Floats) -> float:
    """Return the standard error of the mean of ``values`` (n,)."""
    return float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values adjusted for multiple comparisons, in the order given.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979. The smallest
    of m p-values is multiplied by m, the next by m − 1, and so on; adjusted values never decrease and never exceed 1. Rejecting
    those of at most α bounds the probability of any false rejection by α, also for dependent tests.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)
