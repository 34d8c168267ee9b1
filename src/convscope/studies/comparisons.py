"""Paired significance tests of configurations over seeds.

All configurations are measured on the same test images, so the training is the only random factor. Seeds are independent draws
of it, and the same seed gives two configurations the same validation images: hence Student's paired t-test. Wilcoxon's
signed-rank test, which needs no normal differences, is reported too. Nadeau and Bengio's correction of 2003 does not apply: it is
for overlapping training sets and changing test sets, as in :mod:`.folds`. On pairing sources of variance: Bouthillier
et al., "Accounting for variance in machine learning benchmarks", MLSys 2021. Intervals over seeds and test images:
:mod:`.seeds_and_images`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
import numpy.typing as npt

from ..analysis.statistics.auroc import auroc
from ..analysis.statistics.paired import holm
from ..analysis.statistics.proportions import Interval
from ..analysis.statistics.seeds import interval_over_both, mean_over_seeds, t_quantile, two_sided
from .plan import MAX_SEEDS

MIN_SEEDS = 5
"""Fewest seeds for a significance test: estimated from four differences, a spread is often off by a factor of 2."""
POWER = 0.8

FAR, CERTAIN = 6.0, 30.0
"""Standard errors beyond which a test cannot find the other sign, or cannot miss; there SciPy's function may return NaN."""


def seeds_needed(difference: float, sd: float) -> int | None:
    """Return the fewest seeds that detect a mean ``difference`` with 80% power at the 5% level, for one pair.

    ``sd`` is the standard deviation of the difference between seeds. The result is None if the number exceeds the most that a
    study may have, or the difference is 0. Measured values count as true ones, which helps to plan the next study but adds
    nothing to the p-value of this one (J. Hoenig and D. Heisey, "The abuse of power", The American Statistician 55, 2001).
    """
    if difference == 0:
        return None
    if sd <= 1e-12 * abs(difference):
        return MIN_SEEDS
    effect = abs(difference) / sd
    if power(effect, MAX_SEEDS) < POWER:
        return None
    low, high = MIN_SEEDS - 1, MAX_SEEDS
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


Correct = npt.NDArray[np.bool_]
"""(seeds, n): whether each seed classifies each test image correctly."""
LEVEL = 0.05

MAX_EXACT = 14
"""Largest number of differences for the exact test, with 16,384 combinations of signs."""


@dataclass(frozen=True)
class PairedComparison:
    """Two configurations over the same seeds or folds; differences are accuracies of the first minus the second."""

    first: str
    second: str
    n: int
    difference: float
    sd: float
    interval: Interval
    """95% CI of the mean difference over seeds on these test images, or over folds, not corrected for several pairs."""
    p: float
    """p-value of the paired t-test."""
    p_adjusted: float
    """p-value with Holm's correction over all comparisons of the study."""

    @property
    def judged(self) -> bool:
        """Whether there are enough seeds or folds for a significance test."""
        return self.n >= MIN_SEEDS

    @property
    def significant(self) -> bool:
        """Whether the difference is significant after correction; never with too few seeds or folds."""
        return self.judged and self.p_adjusted < LEVEL


@dataclass(frozen=True)
class ConfigurationComparison(PairedComparison):
    """Two configurations over the same seeds and test images."""

    interval_of_both: Interval
    """95% CI of the mean difference over seeds and test images."""
    p_wilcoxon: float
    """p-value of Wilcoxon's signed-rank test, uncorrected."""
    better: float
    """Probability that a run of the first is more accurate than a run of the second; ties count half."""
    interval_of_better: Interval
    """95% CI."""
    seeds_needed: int | None
    """Seeds that detect a true difference of this size with 80% power; None if a study cannot have so many."""


def compare_all(correct: Mapping[str, Correct]) -> tuple[ConfigurationComparison, ...]:
    """Compare every pair of configurations, with seeds and images in the same order; return nothing for a single seed."""
    pairs = list(combinations(correct, 2))
    if not pairs or len(next(iter(correct.values()))) < 2:
        return ()
    accuracies = {name: answers.mean(axis=1) for name, answers in correct.items()}
    raw = [paired_t((accuracies[one] - accuracies[other]).tolist()) for one, other in pairs]
    return tuple(
        _compare(pair, [correct[name] for name in pair], p, adjusted)
        for pair, p, adjusted in zip(pairs, raw, holm(raw), strict=True)
    )


def _compare(names: tuple[str, str], correct: Sequence[Correct], p: float, adjusted: float) -> ConfigurationComparison:
    first, second = (answers.mean(axis=1) for answers in correct)
    differences = (first - second).tolist()
    mean = mean_over_seeds(differences)
    of_both = interval_over_both(correct[0].astype(np.float64) - correct[1])
    assert mean.sd is not None
    assert mean.interval is not None
    # Probability of improvement: R. Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice",
    # NeurIPS 2021. It is the Mann-Whitney statistic, which equals an area under a ROC curve.
    ahead = auroc(first, second)
    return ConfigurationComparison(
        *names, mean.n, mean.mean, mean.sd, mean.interval, p, adjusted, of_both or mean.interval, wilcoxon(differences),
        ahead.value, ahead.interval, seeds_needed(mean.mean, mean.sd),
    )  # fmt: skip


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


def wilcoxon(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, exact for up to :data:`MAX_EXACT` differences.

    Zeros are dropped; without other values, the p-value is 1. Differences that are equal up to rounding share a rank.
    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics 1, 1945.
    """
    from scipy import stats

    left = np.round(np.array([value for value in differences if abs(value) > 1e-12]), 12)
    if len(left) == 0:
        return 1.0
    if len(left) <= MAX_EXACT:
        # SciPy's exact method allows no ties, and its PermutationMethod takes seconds for 14 differences.
        ranks = stats.rankdata(np.abs(left))
        signs = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
        deviations = np.abs(signs @ ranks - ranks.sum() / 2)
        return float((deviations >= abs(ranks[left > 0].sum() - ranks.sum() / 2) - 1e-9).mean())
    return float(stats.wilcoxon(left, method="approx", correction=True).pvalue)
