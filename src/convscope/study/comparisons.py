"""Whether configurations differ by more than their seeds do.

All of them are measured on the same test images, so what is left to chance is the training. The seeds are independent draws
of it, and the same seed gives two configurations the same validation images, so they are compared in pairs, by Student's
paired t-test; Wilcoxon's signed-rank test stands beside it, which does not ask for normal differences. (The corrections for
resampled data, as Nadeau and Bengio's of 2003, are for training sets that overlap and test sets that change; here neither
does.) On pairing sources of chance: Bouthillier and others, "Accounting for variance in machine learning benchmarks", MLSys 2021.
What other test images would say is in an interval of its own, :mod:`.seeds_and_images`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
import numpy.typing as npt

from ..analysis.auroc import auroc
from ..analysis.holm import holm
from ..analysis.intervals import Interval
from ..types import Floats
from .power import FEWEST_SEEDS, seeds_needed
from .seed_statistics import mean_over_seeds, two_sided
from .seeds_and_images import interval_over_both

Right = npt.NDArray[np.bool_]
"""(seeds, n): whether each seed answers each test image correctly."""

LEVEL = 0.05
MOST_EXACT = 14
"""Differences of which every choice of signs is looked at: 16,384."""


@dataclass(frozen=True)
class Comparison:
    """Two configurations over the same seeds. Differences are of accuracies, the first less the second."""

    first: str
    second: str
    n: int
    difference: float
    sd: float
    interval: Interval
    """95%, of the mean difference over seeds, on these test images; of this pair alone, not widened for the others."""
    interval_of_both: Interval
    """95%, of the mean difference where test images are drawn anew too."""
    p: float
    """Of the paired t-test."""
    p_adjusted: float
    """By Holm, over all comparisons of the study."""
    p_wilcoxon: float
    """Not adjusted."""
    better: float
    """The probability that a training of the first comes out ahead of one of the second, ties by half; over all pairs of
    seeds, equal or not."""
    interval_of_better: Interval
    """95%."""
    seeds_needed: int | None
    """To find such a difference four times in five, were it the true one; ``None`` where a study cannot have so many."""

    @property
    def judged(self) -> bool:
        """Whether there are seeds enough for a verdict."""
        return self.n >= FEWEST_SEEDS

    @property
    def distinguishable(self) -> bool:
        """Whether, with all comparisons in view, seeds alone would hardly ever make such a difference. Never where there are
        too few of them for a verdict."""
        return self.judged and self.p_adjusted < LEVEL


def compare_all(right: Mapping[str, Right]) -> tuple[Comparison, ...]:
    """Every pair of configurations, by name; their seeds and images are in the same order. Empty for a single seed."""
    pairs = list(combinations(right, 2))
    if not pairs or len(next(iter(right.values()))) < 2:
        return ()
    accuracies = {name: answers.mean(axis=1) for name, answers in right.items()}
    raw = [paired_t((accuracies[one] - accuracies[other]).tolist()) for one, other in pairs]
    return tuple(
        _compare(pair, [right[name] for name in pair], p, adjusted)
        for pair, p, adjusted in zip(pairs, raw, holm(raw), strict=True)
    )


def _compare(names: tuple[str, str], right: Sequence[Right], p: float, adjusted: float) -> Comparison:
    first, second = (answers.mean(axis=1) for answers in right)
    differences = (first - second).tolist()
    mean = mean_over_seeds(differences)
    of_both = interval_over_both(right[0].astype(np.float64) - right[1])
    assert mean.sd is not None
    assert mean.interval is not None
    # Of the probability of improvement: R. Agarwal and others, "Deep reinforcement learning at the edge of the statistical
    # precipice", NeurIPS 2021. It is the Mann-Whitney statistic, and so the area under a curve.
    ahead = auroc(first, second)
    return Comparison(
        *names, mean.n, mean.mean, mean.sd, mean.interval, of_both or mean.interval, p, adjusted, wilcoxon(differences),
        ahead.value, ahead.interval, seeds_needed(mean.mean, mean.sd),
    )  # fmt: skip


def paired_t(differences: Sequence[float]) -> float:
    """The two-sided p of Student's t for the mean of ``differences``, of which there are at least two.

    Where all are the same, which few test images and few seeds can do by chance, t is infinite and says nothing. Then it is
    the p of the exact test by signs, 2^(1−n), the smallest that such a test can give; and 1 where all are 0.
    """
    mean = mean_over_seeds(differences)
    assert mean.sd is not None
    largest = max(map(abs, differences))
    if mean.sd <= 1e-12 * largest or largest == 0:  # the same but for rounding
        return 1.0 if largest == 0 else 2.0 ** (1 - mean.n)
    return two_sided(mean.mean / (mean.sd / sqrt(mean.n)), mean.n - 1)


def wilcoxon(differences: Sequence[float]) -> float:
    """The two-sided p of Wilcoxon's signed-rank test, by all 2^n choices of signs where n allows; zeros are left out.

    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics 1, 1945. 1 where nothing is left. Differences that are
    the same but for rounding share a rank.
    """
    from scipy import stats

    left = np.round(np.array([value for value in differences if abs(value) > 1e-12]), 12)
    if len(left) == 0:
        return 1.0
    if len(left) <= MOST_EXACT:
        return _signed_rank_exact(stats.rankdata(np.abs(left)), left > 0)
    return float(stats.wilcoxon(left, method="approx", correction=True).pvalue)


def _signed_rank_exact(ranks: Floats, positive: npt.NDArray[np.bool_]) -> float:
    signs = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
    centre = ranks.sum() / 2
    return float((np.abs(signs @ ranks - centre) >= abs(ranks[positive].sum() - centre) - 1e-9).mean())
