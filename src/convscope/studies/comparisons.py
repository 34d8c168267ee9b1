"""Paired significance tests of configurations over seeds.

All configurations are measured on the same test images, so the training is the only random factor. Seeds are independent draws
of it, and the same seed gives two configurations the same validation images: hence Student's paired t-test. Nadeau and Bengio's
correction of 2003 does not apply: it is for overlapping training sets and changing test sets, as in :mod:`.folds`. On pairing
sources of variance: Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys 2021.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt

import numpy as np
import numpy.typing as npt

from ..analysis.statistics.paired import MIN_PAIRS, holm, paired_interval
from ..analysis.statistics.proportions import Interval
from ..analysis.statistics.seeds import interval_over_both, mean_over_seeds, two_sided
from ..types import Floats

MIN_SEEDS = 5
"""Fewest seeds for a significance test: estimated from four differences, a spread is often off by a factor of 2."""
Correct = npt.NDArray[np.bool_]
"""(seeds, n): whether each seed classifies each test image correctly."""
LEVEL = 0.05


@dataclass(frozen=True)
class PairedComparison:
    """Two configurations over the same seeds or folds; differences are accuracies of the first minus the second."""

    first: str
    second: str
    n: int
    difference: float
    sd: float
    interval: Interval
    """95% CI of the mean difference over seeds on these test images, or over folds, not corrected for several pairs. Without width
    if all differences are equal, which shows nothing of their spread."""
    p: float
    """p-value of the paired t-test."""
    p_adjusted: float
    """p-value with Holm's correction over all comparisons of the study."""
    interval_of_both: Interval | None = None
    """95% CI of the mean difference over seeds and test images; None over folds."""

    @property
    def judged(self) -> bool:
        """Whether there are enough seeds or folds for a significance test."""
        return self.n >= MIN_SEEDS

    @property
    def significant(self) -> bool:
        """Whether the difference is significant after correction; never with too few seeds or folds."""
        return self.judged and self.p_adjusted < LEVEL


def compare_all(correct: Mapping[str, Correct]) -> tuple[PairedComparison, ...]:
    """Compare every pair of configurations, with seeds and images in the same order; return nothing for a single seed."""
    if len(next(iter(correct.values()), ())) < 2:
        return ()
    compared = compare_accuracies({name: answers.mean(axis=1).tolist() for name, answers in correct.items()})
    both = (_over_both(correct[each.first].astype(np.float64) - correct[each.second]) for each in compared)
    return tuple(
        replace(each, interval_of_both=interval or each.interval) for each, interval in zip(compared, both, strict=True)
    )


def _over_both(differences: Floats) -> Interval | None:
    """Return the interval over seeds and images; where few images differ, at least the paired interval over images."""
    found, of_images = interval_over_both(differences), differences.mean(axis=0)
    if found is None or np.count_nonzero(of_images) >= MIN_PAIRS:
        return found
    # Of so few, all may be equal by chance, and then their variance is none.
    low, high = paired_interval(float(of_images.clip(0).sum()), float(-of_images.clip(max=0).sum()), len(of_images))
    return Interval(min(low, found.low), max(high, found.high))


def compare_accuracies(accuracies: Mapping[str, Sequence[float]], test_ratio: float = 0.0) -> tuple[PairedComparison, ...]:
    """Compare every pair of configurations by their accuracies of at least two seeds or folds, in the same order.

    ``test_ratio`` is that of :func:`mean_over_seeds`.
    """
    pairs = list(combinations(accuracies, 2))
    differences = [[a - b for a, b in zip(accuracies[one], accuracies[other], strict=True)] for one, other in pairs]
    raw = [paired_t(each, test_ratio) for each in differences]
    compared = []
    for names, each, p, adjusted in zip(pairs, differences, raw, holm(raw), strict=True):
        mean = mean_over_seeds(each, test_ratio)
        assert mean.sd is not None
        interval = mean.interval or Interval(mean.mean, mean.mean)
        compared.append(PairedComparison(*names, mean.n, mean.mean, mean.sd, interval, p, adjusted))
    return tuple(compared)


def paired_t(differences: Sequence[float], test_ratio: float = 0.0) -> float:
    """Return the two-sided p-value of Student's t-test for the mean of at least two ``differences``.

    ``test_ratio`` is that of :func:`mean_over_seeds`.

    Equal differences, which few seeds and images produce by chance, make t infinite. They get the smallest p-value of the exact
    sign test, 2^(1−n), or 1 if all are 0; folds count as the smaller number of seeds with the same variance of the mean.
    """
    mean = mean_over_seeds(differences)
    share = 1 / mean.n + test_ratio
    assert mean.sd is not None
    largest = max(map(abs, differences))
    if mean.sd <= 1e-12 * largest or largest == 0:  # equal up to rounding
        return 1.0 if largest == 0 else 2.0 ** (1 - 1 / share)
    return two_sided(mean.mean / (mean.sd * sqrt(share)), mean.n - 1)
