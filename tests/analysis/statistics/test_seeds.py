"""The best of several seeds, against all choices of so many, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests

from convscope.analysis.statistics.seeds import expected_best, interval_over_both, mean_over_seeds
from convscope.runs.seed_votes import count_votes, load_votes, save_votes
from convscope.studies.comparisons import Correct, compare_all, paired_t
from convscope.studies.learning_curves import LearningCurve, learning_curve, steepest


def test_the_best_of_so_many_is_the_mean_over_all_choices() -> None:
    values = list(np.random.default_rng(0).normal(0.99, 0.01, 7))
    wanted = [np.mean([max(chosen) for chosen in combinations(values, k)]) for k in range(1, 8)]
    assert expected_best(values) == pytest.approx(tuple(wanted))
    assert expected_best([0.5, 0.5, 0.7]) == pytest.approx((1.7 / 3, (0.5 + 0.7 + 0.7) / 3, 0.7))


def test_of_normal_seeds_the_best_of_ten_gains_one_and_a_half_standard_deviations() -> None:
    draws = np.random.default_rng(1).normal(0, 1, 1000)
    order_statistic = 10 * stats.norm.expect(lambda x: x * stats.norm.cdf(x) ** 9)
    assert order_statistic == pytest.approx(1.54, abs=0.01)
    assert expected_best(list(draws))[9] - draws.mean() == pytest.approx(order_statistic, abs=0.15)


def test_one_seed_is_its_own_best_and_none_has_none() -> None:
    assert expected_best([0.9]) == (0.9,)
    with pytest.raises(ValueError, match="at least one"):
        expected_best([])


GENERATOR = np.random.default_rng(3)


@pytest.mark.parametrize("n", [2, 3, 10, 30])
def test_mean_spread_and_interval_are_scipys(n: int) -> None:
    values = list(GENERATOR.normal(0.99, 0.001, n))
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, n - 1, loc=np.mean(values), scale=stats.sem(values))
    assert (found.n, found.mean, found.sd) == (n, pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)))
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (pytest.approx(low), pytest.approx(high))


def test_one_seed_has_a_mean_and_nothing_else() -> None:
    found = mean_over_seeds([0.9])
    assert (found.mean, found.sd, found.interval) == (0.9, None, None)
    with pytest.raises(ValueError, match="at least one"):
        mean_over_seeds([])


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draws = GENERATOR.normal(0.5, 0.1, (2000, 5))
    held = sum(interval.low <= 0.5 <= interval.high for row in draws if (interval := mean_over_seeds(list(row)).interval))
    assert stats.binomtest(held, 2000, 0.95).pvalue > 1e-4


@pytest.mark.parametrize("n", [2, 5, 10])
def test_the_paired_test_is_scipys(n: int) -> None:
    one, other = GENERATOR.normal(0.99, 0.01, (2, n))
    assert paired_t(list(one - other)) == pytest.approx(stats.ttest_rel(one, other).pvalue)


def test_differences_that_are_all_the_same_prove_no_more_than_their_signs() -> None:
    assert paired_t([0.1 + 0.2, 0.3, 0.3]) == 0.25
    assert paired_t([0.0, 0.0]) == 1.0


def answers(accuracy: float, seeds: int, *, images: int = 500, spread: float = 0.0) -> Correct:
    """Of trainings whose accuracies scatter, on images of which some are hard for all of them."""
    shares = GENERATOR.normal(accuracy, spread, (seeds, 1))
    return np.asarray(GENERATOR.random((seeds, images)) < shares)


def test_every_pair_is_compared_and_corrected_as_statsmodels_does() -> None:
    right = {name: answers(0.9 + 0.02 * place, 10, spread=0.01) for place, name in enumerate("abcd")}
    found = compare_all(right)
    assert [each.first + each.second for each in found] == ["ab", "ac", "ad", "bc", "bd", "cd"]
    rejected, adjusted, *_ = multipletests([each.p for each in found], 0.05, "holm")
    assert [each.p_adjusted for each in found] == pytest.approx(list(adjusted))
    assert [each.significant for each in found] == list(rejected)
    for each in found:
        one, other = (right[name].mean(axis=1) for name in (each.first, each.second))
        low, high = stats.ttest_1samp(one - other, 0).confidence_interval()
        assert (each.difference, each.interval.low, each.interval.high) == pytest.approx(((one - other).mean(), low, high))
        assert each.interval_of_both.low < each.interval.low
        assert each.interval_of_both.high > each.interval.high


def test_fewer_than_five_seeds_get_no_verdict_however_large_the_difference() -> None:
    for seeds in (2, 3, 4):
        (pair,) = compare_all({"a": answers(0.99, seeds), "b": answers(0.5, seeds)})
        assert pair.p_adjusted < 0.05
        assert (pair.judged, pair.significant) == (False, False)
    (pair,) = compare_all({"a": answers(0.99, 5), "b": answers(0.5, 5)})
    assert (pair.judged, pair.significant) == (True, True)


def test_equal_networks_differ_significantly_no_more_often_than_the_level() -> None:
    draws = GENERATOR.random((300, 3, 6, 100)) < GENERATOR.normal(0.9, 0.02, (300, 3, 6, 1))
    alarms = sum(any(each.significant for each in compare_all(dict(zip("abc", draw, strict=True)))) for draw in draws)
    assert stats.binomtest(alarms, 300, 0.05, alternative="greater").pvalue > 1e-3


def test_one_seed_or_one_configuration_leaves_nothing_to_compare() -> None:
    assert compare_all({"a": answers(0.9, 1), "b": answers(0.8, 1)}) == ()
    assert compare_all({"a": answers(0.9, 2)}) == ()


def test_the_curves_exponent_is_that_of_the_straight_line_through_logarithms() -> None:
    sizes = np.array([100, 300, 1000])
    errors = 2.0 * sizes[:, None] ** -0.5 * np.exp(GENERATOR.normal(0, 0.1, (3, 8)))
    curve = learning_curve("x", {int(size): list(row) for size, row in zip(sizes, errors, strict=True)})
    slopes = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    low, high = stats.t.interval(0.95, 7, loc=slopes.mean(), scale=stats.sem(slopes))
    assert curve.exponent == pytest.approx(slopes.mean())
    assert curve.exponent_interval is not None
    assert (curve.exponent_interval.low, curve.exponent_interval.high) == pytest.approx((low, high))
    assert curve.exponents == pytest.approx(tuple(slopes))
    assert curve.factor_of_doubling == pytest.approx(2 ** -slopes.mean())
    assert curve.factor_interval is not None
    assert (curve.factor_interval.low, curve.factor_interval.high) == pytest.approx((2**-high, 2**-low))
    assert curve.falls
    assert [point.images for point in curve.points] == [100, 300, 1000]


def curve_with(name: str, exponents: Sequence[float]) -> LearningCurve:
    return learning_curve(name, {size: [0.5 * size**-each for each in exponents] for size in (100, 1000)})


def test_a_curve_is_called_the_steepest_only_where_its_seeds_say_so() -> None:
    slow = curve_with("slow", [0.20, 0.22, 0.21, 0.19, 0.23])
    fast = curve_with("fast", [0.50, 0.53, 0.49, 0.52, 0.51])
    near = curve_with("near", [0.52, 0.49, 0.50, 0.54, 0.50])
    assert steepest([slow, fast]) == "fast"
    assert steepest([fast, slow, near]) is None
    assert steepest([fast]) is None
    assert steepest([curve_with("slow", [0.20, 0.21]), curve_with("fast", [0.50, 0.51])]) is None


def test_a_curve_falls_only_if_its_interval_excludes_zero() -> None:
    assert not curve_with("noisy", [0.4, -0.3, 0.2, -0.1, 0.3]).falls
    assert not curve_with("few", [0.50, 0.51, 0.52, 0.53]).falls


def test_a_run_without_errors_leaves_the_exponent_open() -> None:
    assert learning_curve("x", {10: [0.1, 0.2], 20: [0.0, 0.1]}).exponent is None


def test_votes_are_counted_as_by_hand() -> None:
    votes = count_votes([np.array([0, 1, 2]), np.array([0, 2, 1]), np.array([1, 2, 1])], np.array([0, 1, 1]), 3)
    assert votes.counts.tolist() == [[2, 1, 0], [0, 1, 2], [0, 2, 1]]
    assert (votes.seeds, votes.winners.tolist(), votes.correct.tolist(), votes.majority_errors) == (
        3,
        [0, 2, 1],
        [2, 1, 2],
        1,
    )


def test_votes_come_back_from_their_file(tmp_path: Path) -> None:
    votes = count_votes([np.array([0, 1])], np.array([0, 0]), 2)
    save_votes({"cnn-standard": votes, "ann-standard": votes}, tmp_path)
    again = load_votes(tmp_path)
    assert list(again) == ["cnn-standard", "ann-standard"]
    assert np.array_equal(again["cnn-standard"].counts, votes.counts)
    assert np.array_equal(again["cnn-standard"].labels, votes.labels)


def test_the_interval_is_that_of_the_mean_squares_of_an_analysis_of_variance() -> None:
    values = np.random.default_rng(0).normal(0, 1, (4, 12)) + np.arange(4)[:, None]
    cells = pd.DataFrame([(seed, image, values[seed, image]) for seed, image in np.ndindex(4, 12)], columns=["s", "i", "y"])
    table = sm.stats.anova_lm(ols("y ~ C(s) + C(i)", cells).fit())
    squares, degrees = table["sum_sq"] / table["df"], table["df"]
    variance = (squares["C(s)"] + squares["C(i)"] - squares["Residual"]) / 48
    freedom = variance**2 / sum((squares[part] / 48) ** 2 / degrees[part] for part in ("C(s)", "C(i)", "Residual"))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    found = interval_over_both(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))


def test_by_hand_it_is_that_of_the_seeds_where_images_do_not_matter_and_the_other_way_round() -> None:
    of_seeds = [0.2, 0.4, 0.9]
    found, known = interval_over_both(np.repeat(np.array(of_seeds)[:, None], 50, axis=1)), mean_over_seeds(of_seeds).interval
    assert found is not None
    assert known is not None
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    of_images = np.random.default_rng(1).normal(0, 1, 50)
    found = interval_over_both(np.repeat(of_images[None], 3, axis=0))
    assert found is not None
    low, high = stats.t.interval(0.95, 49, loc=of_images.mean(), scale=stats.sem(of_images))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_one_seed_has_none_and_no_difference_no_width() -> None:
    assert interval_over_both(np.zeros((1, 9))) is None
    found = interval_over_both(np.zeros((3, 9)))
    assert found is not None
    assert (found.low, found.high) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("of_seeds", "of_images"), [(0.0, 0.0), (0.3, 0.3), (1.0, 0.0), (0.0, 1.0), (0.1, 1.0)])
def test_it_holds_the_truth_as_often_as_it_says_and_hardly_more_where_seeds_or_images_matter(
    of_seeds: float, of_images: float
) -> None:
    """Five seeds, whose number is what makes an interval by resampling too narrow."""
    generator, held = np.random.default_rng(2), 0
    for _ in range(1000):
        values = (of_seeds * generator.normal(0, 1, (5, 1)) + of_images * generator.normal(0, 1, (1, 40))
                  + generator.normal(0, 1, (5, 40)))  # fmt: skip
        interval = interval_over_both(values)
        assert interval is not None
        held += interval.low <= 0 <= interval.high
    assert stats.binomtest(held, 1000, 0.95, alternative="less").pvalue > 1e-3
    assert held < 1000
