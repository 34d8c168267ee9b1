from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import auc
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.uncertainty.selective_prediction import (
    best_provable_accuracy,
    images_needed,
    lowest_threshold,
    risk_coverage_curve,
    select,
    threshold_for,
    thresholds_for_accuracy,
    thresholds_for_coverage,
)
from convscope.types import Floats, Labels

from ...simulation import holds  # type: ignore[import-not-found]

CONFIDENCE = np.array([0.9, 0.5, 0.8, 0.6, 0.7])
RIGHT = np.array([1, 0, 1, 1, 0])
"""In the order of confidence: correct, correct, wrong, correct, wrong."""


def test_the_curve_is_the_one_by_hand() -> None:
    curve = risk_coverage_curve(CONFIDENCE, RIGHT)
    assert curve.confidence.tolist() == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert curve.coverage.tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert curve.accuracy == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert curve.aurc == pytest.approx((0 + 0 + 1 / 3 + 1 / 4 + 2 / 5) / 5)
    assert curve.oracle_aurc == pytest.approx((0 + 0 + 0 + 1 / 4 + 2 / 5) / 5)


def test_equally_sure_images_count_as_on_average_over_their_orders() -> None:
    confidence, correct = np.array([0.9, 0.7, 0.7, 0.7, 0.2]), [1, 0, 1, 1, 0]
    sums = np.zeros(5)
    orders = list(permutations([0, 1, 1]))
    for order in orders:
        sums += np.cumsum([1, *order, 0]) / np.arange(1, 6)
    assert risk_coverage_curve(confidence, np.array(correct)).accuracy == pytest.approx(sums / len(orders))


def test_without_any_order_the_area_is_the_share_of_errors() -> None:
    correct = (np.arange(1000) % 4 != 0).astype(int)
    assert risk_coverage_curve(np.full(1000, 0.5), correct).aurc == pytest.approx(0.25)


def test_the_area_is_that_under_the_drawn_curve() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.random(5000)
    curve = risk_coverage_curve(confidence, (generator.random(5000) < confidence).astype(int))
    assert curve.aurc == pytest.approx(auc(curve.coverage, 1 - curve.accuracy), abs=1e-3)
    assert curve.oracle_aurc < curve.aurc < 1 - curve.accuracy[-1]


def ranked(n: int, *errors: int) -> tuple[Floats, Labels]:
    """Return images of falling confidence, of which those at the ranks ``errors``, from 1, are misclassified."""
    correct = np.ones(n, int)
    correct[np.array(errors, int) - 1] = 0
    return np.linspace(1, 0.5, n), correct


@pytest.mark.parametrize(("target", "needed"), [(0.9, 29), (0.95, 59), (0.99, 299), (0.999, 2995), (1.0, np.inf)])
def test_so_many_images_without_an_error_show_an_accuracy(target: float, needed: float) -> None:
    assert images_needed(target) == needed
    if target < 1:
        n = int(needed)
        assert proportion_confint(n, n, alpha=0.1, method="beta")[0] >= target
        assert proportion_confint(n - 1, n - 1, alpha=0.1, method="beta")[0] < target
        assert best_provable_accuracy(n) >= target > best_provable_accuracy(n - 1)
        assert threshold_for(*ranked(n), target) == 0
    assert threshold_for(*ranked(min(int(min(needed, 1e4)) - 1, 9999)), target) is None


@pytest.mark.parametrize(("n", "target"), [(8, 0.9), (33, 0.95), (120, 0.98), (4, 0.999), (3000, 1.0)])
def test_few_images_show_no_threshold_however_good_they_look(n: int, target: float) -> None:
    assert threshold_for(*ranked(n), target) is None
    assert threshold_for(*ranked(n, n), target) is None


def test_the_threshold_is_the_last_of_a_sequence_that_clopper_and_pearson_show() -> None:
    confidence, correct = ranked(1000, *range(700, 1001, 6))
    found = threshold_for(confidence, correct, 0.97)
    assert found is not None
    ranks = np.unique(np.linspace(198, 1000, 50).astype(int))  # twice the 99 images that are needed
    shown = [proportion_confint(correct[:rank].sum(), rank, alpha=0.1, method="beta")[0] >= 0.97 for rank in ranks]
    last = shown.index(False) - 1
    assert found == pytest.approx(confidence[ranks[last] - 1])
    assert not any(shown[last + 1 :])
    assert correct[confidence >= found].mean() > 0.98


def test_images_with_equal_confidence_are_predicted_together() -> None:
    correct = np.ones(1000, int)
    correct[900:] = 0
    confidence = np.where(np.arange(1000) < 400, 0.9, 0.6)
    assert threshold_for(confidence, correct, 0.95) == 0.9
    assert threshold_for(np.full(1000, 0.9), correct, 0.95) is None


@pytest.mark.slow
@pytest.mark.parametrize(("n", "mean", "spread"), [(100, 3, 2), (600, 6, 3), (3000, 4, 2.5), (3000, 1.5, 1.5)])
@pytest.mark.parametrize("target", [0.9, 0.99])
def test_accuracy_above_the_threshold_is_below_the_target_in_at_most_one_of_twenty_cases(
    n: int, mean: float, spread: float, target: float
) -> None:
    """The accuracy on all images, of which ``n`` are drawn: that on a test split would vary itself."""
    generator = np.random.default_rng(0)

    def drawn(size: int) -> Floats:
        return np.maximum(1 / (1 + np.exp(-generator.normal(mean, spread, size))), 0.1)

    everything = np.sort(drawn(200_000))[::-1]
    accuracy, missed = np.cumsum(everything) / np.arange(1, len(everything) + 1), 0
    for _ in range(200):
        confidence = drawn(n)
        found = threshold_for(confidence, (generator.random(n) < confidence).astype(int), target)
        above = 0 if found is None else int((everything >= found).sum())
        missed += bool(above) and accuracy[above - 1] < target
    assert holds(missed, 200, low=0, high=0.05)


def test_the_best_of_all_thresholds_without_a_bound_misses_its_target_often() -> None:
    """What earlier versions chose: the lowest threshold that reaches the target on the images it is chosen on."""
    generator, missed = np.random.default_rng(3), 0
    for _ in range(200):
        confidence = 1 / (1 + np.exp(-generator.normal(3, 2, 100)))
        correct = generator.random(100) < confidence
        order = np.argsort(-confidence)
        reached = np.flatnonzero(np.cumsum(correct[order]) / np.arange(1, 101) >= 0.95)
        kept = np.sort(confidence)[::-1][: reached[-1] + 1 if len(reached) else 0]
        missed += bool(len(kept)) and kept.mean() < 0.95
    assert not holds(missed, 200, low=0, high=0.05)


def test_most_images_that_could_be_predicted_are() -> None:
    """A tenth of the images is noise; 3,000 show 99% for three quarters of all."""
    generator, kept = np.random.default_rng(4), []
    for _ in range(50):
        confidence = np.where(generator.random(3000) < 0.1, 0.6, 0.999)
        found = threshold_for(confidence, (generator.random(3000) < confidence).astype(int), 0.99)
        kept.append(0.0 if found is None else float((confidence >= found).mean()))
    assert np.mean(kept) > 0.75


def test_a_threshold_is_chosen_on_the_measured_images_and_only_reported_on_the_others() -> None:
    measured = ranked(600, 500, 560, *range(575, 601))
    test = np.array([0.95, 0.85, 0.65, 0.1]), np.array([0, 1, 1, 1])
    found, unreachable = thresholds_for_accuracy(measured, test)
    assert [each.target_accuracy for each in found] == [0.95, 0.98, 0.99]
    assert unreachable == (0.995, 0.998, 0.999)
    assert all(each.level == 0.95 for each in found)
    assert found[0].confidence < found[1].confidence
    other = thresholds_for_accuracy(measured, (test[0], 1 - test[1]))
    assert [each.confidence for each in other[0]] == [each.confidence for each in found]
    assert (found[1].test.answered, found[1].test.n) == (3, 4)


def test_accuracies_that_predicting_everything_is_shown_to_reach_need_no_threshold() -> None:
    everything = ranked(1000, 1000)
    found, unreachable = thresholds_for_accuracy(everything, everything)
    assert ([each.target_accuracy for each in found], unreachable) == ([], (0.998, 0.999))
    asked = lowest_threshold(0.95, everything, everything)
    assert asked is not None
    assert (asked.confidence, asked.selection_split.answered, asked.test.answered) == (0, 1000, 1000)


def test_thresholds_by_share_answer_that_share() -> None:
    confidence = np.random.default_rng(0).random(1000)
    points = thresholds_for_coverage((confidence, np.ones(1000, int)), (confidence, np.ones(1000, int)))
    assert [each.selection_split.coverage for each in points] == [each.target_coverage for each in points]
    assert points[0].selection_split.answered == 1000


def test_nothing_answered_has_no_accuracy() -> None:
    nothing = select(CONFIDENCE, RIGHT, 0.99)
    assert nothing.accuracy is None
    assert (nothing.interval.low, nothing.interval.high) == (0, 1)
