from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import auc

from convscope.analysis.uncertainty.selective_prediction import (
    highest_accuracy,
    lowest_threshold,
    risk_coverage_curve,
    select,
    threshold_for,
    thresholds_for_accuracy,
    thresholds_for_coverage,
)

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


@pytest.mark.parametrize(("wanted", "threshold"), [(0.6, 0.5), (0.75, 0.6), (0.76, 0.8), (1.0, 0.8)])
def test_the_threshold_is_the_lowest_that_gives_it(wanted: float, threshold: float) -> None:
    assert threshold_for(CONFIDENCE, RIGHT, wanted) == threshold


def test_an_accuracy_that_none_gives_has_no_threshold() -> None:
    assert threshold_for(np.array([0.9, 0.8]), np.array([0, 1]), 0.9) is None
    # Images with equal confidence are predicted together or not at all.
    assert threshold_for(np.array([0.9, 0.9]), np.array([1, 0]), 0.9) is None


def test_any_accuracy_can_be_asked_for() -> None:
    measured = CONFIDENCE, RIGHT
    test = np.array([0.95, 0.85, 0.65, 0.1]), np.array([0, 1, 1, 1])
    found = lowest_threshold(0.74, measured, test)
    assert found is not None
    assert (found.target_accuracy, found.confidence) == (0.74, 0.6)
    assert (found.selection_split.answered, found.selection_split.correct, found.test.answered, found.test.correct) == (
        4,
        3,
        3,
        2,
    )
    everything = lowest_threshold(0.6, measured, test)
    assert everything is not None
    assert (everything.confidence, everything.test.answered) == (0, 4)
    assert lowest_threshold(0.9, (np.array([0.9, 0.9]), np.array([1, 0])), test) is None


def test_the_most_that_a_threshold_gives_is_the_best_of_all_of_them() -> None:
    generator = np.random.default_rng(2)
    confidence, correct = generator.integers(0, 30, 200) / 30, generator.integers(0, 2, 200)
    one_by_one = max(correct[confidence >= threshold].mean() for threshold in confidence)
    assert highest_accuracy(confidence, correct) == pytest.approx(one_by_one)


def test_a_threshold_is_chosen_on_the_measured_images_and_only_reported_on_the_others() -> None:
    measured = CONFIDENCE, RIGHT
    test = np.array([0.95, 0.85, 0.65, 0.1]), np.array([0, 1, 1, 1])
    found, unreachable = thresholds_for_accuracy(measured, test)
    assert [each.target_accuracy for each in found] == [0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]
    assert unreachable == ()
    threshold = found[0]
    assert threshold.confidence == 0.8
    assert (threshold.selection_split.answered, threshold.selection_split.correct) == (2, 2)
    assert (threshold.test.answered, threshold.test.correct, threshold.test.n) == (2, 1, 4)
    other = thresholds_for_accuracy(measured, (test[0], 1 - test[1]))
    assert [each.confidence for each in other[0]] == [each.confidence for each in found]


def test_accuracies_that_answering_all_gives_are_not_asked_for() -> None:
    confidence, correct = np.linspace(0.5, 1, 1000), np.ones(1000, int)
    correct[0] = correct[500] = 0
    found, unreachable = thresholds_for_accuracy((confidence, correct), (confidence, correct))
    assert [each.target_accuracy for each in found] + list(unreachable) == [0.999]
    perfect = thresholds_for_accuracy((confidence, np.ones(1000, int)), (confidence, correct))
    assert perfect == ((), ())


def test_thresholds_by_share_answer_that_share() -> None:
    confidence = np.random.default_rng(0).random(1000)
    points = thresholds_for_coverage((confidence, np.ones(1000, int)), (confidence, np.ones(1000, int)))
    assert [each.selection_split.coverage for each in points] == [each.target_coverage for each in points]
    assert points[0].selection_split.answered == 1000


def test_nothing_answered_has_no_accuracy() -> None:
    nothing = select(CONFIDENCE, RIGHT, 0.99)
    assert nothing.accuracy is None
    assert (nothing.interval.low, nothing.interval.high) == (0, 1)
