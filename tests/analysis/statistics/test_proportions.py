from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.statistics.proportions import simultaneous_wilson, simultaneous_z, wilson

from ...simulation import holds  # type: ignore[import-not-found]

CASES = [(9903, 10_000), (9804, 10_000), (0, 10), (10, 10), (1, 1), (7, 9), (50, 100), (349, 359)]


@pytest.mark.parametrize(("successes", "trials"), CASES)
def test_wilson_equals_statsmodels_and_scipy(successes: int, trials: int) -> None:
    interval = wilson(successes, trials)
    assert (interval.low, interval.high) == pytest.approx(proportion_confint(successes, trials, method="wilson"), abs=1e-12)
    scipy = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((scipy.low, scipy.high), abs=1e-12)


def test_the_notebooks_own_numbers_get_the_known_intervals() -> None:
    cnn, ann = wilson(9903, 10_000), wilson(9804, 10_000)
    assert [f"{end:.2%}" for end in (cnn.low, cnn.high, ann.low, ann.high)] == ["98.82%", "99.20%", "97.75%", "98.29%"]


@pytest.mark.parametrize("trials", [100, 359, 10_000])
@pytest.mark.parametrize("span", [(0.3, 0.7), (0.9, 0.98), (0.98, 0.999)])
def test_the_interval_covers_the_truth_95_times_in_100(trials: int, span: tuple[float, float]) -> None:
    """On average over truths: at a single one, where only whole numbers of successes can come out, it may be a little more or
    less. Where less than five failures are expected, it is a little more."""
    generator = np.random.default_rng(trials)
    truths = generator.uniform(*span, 3000)
    successes = generator.binomial(trials, truths)
    found = {each: wilson(each, trials) for each in set(successes.tolist())}
    covered = sum(
        found[each].low <= truth <= found[each].high for each, truth in zip(successes.tolist(), truths, strict=True)
    )
    few = trials * (1 - sum(span) / 2) < 5
    assert holds(covered, 3000, low=0.945, high=0.975 if few else 0.955)


def test_at_the_accuracy_of_the_notebook_it_covers_the_truth_95_times_in_100() -> None:
    """Exactly, by the probability of every number of successes."""
    trials, truth = 10_000, 0.9903
    numbers = np.arange(9700, 10_001)
    covers = [wilson(each, trials).low <= truth <= wilson(each, trials).high for each in numbers.tolist()]
    assert float(stats.binom(trials, truth).pmf(numbers)[covers].sum()) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_proportion_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.trials"):
        wilson(successes, trials)


@pytest.mark.parametrize("comparisons", [1, 10, 1000])
def test_intervals_that_hold_together_are_bonferronis(comparisons: int) -> None:
    assert simultaneous_z(comparisons) == pytest.approx(stats.norm.ppf(1 - 0.05 / comparisons / 2))
    found = simultaneous_wilson(960, 1000, comparisons)
    expected = proportion_confint(960, 1000, alpha=0.05 / comparisons, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected)


def test_ten_intervals_hold_together_95_times_in_100() -> None:
    generator = np.random.default_rng(0)
    all_hold = 0
    for successes in generator.binomial(1000, 0.97, (400, 10)):
        found = [simultaneous_wilson(int(each), 1000, 10) for each in successes]
        all_hold += all(each.low <= 0.97 <= each.high for each in found)
    # Bonferroni's is a little on the safe side.
    assert holds(all_hold, 400, low=0.95, high=0.97)


def test_no_comparison_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="comparisons.*0"):
        simultaneous_z(0)
