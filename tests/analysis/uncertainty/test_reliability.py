from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from convscope.analysis.statistics.proportions import wilson
from convscope.analysis.uncertainty.calibration import ece_null_quantile, reliability
from convscope.analysis.uncertainty.temperature import expected_calibration_error


def test_the_bins_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0, 1, 3000)
    correct = (generator.random(3000) < confidence**2).astype(int)
    bins = reliability(confidence, correct)
    accuracy, mean = calibration_curve(correct, confidence, n_bins=15)
    assert [each.accuracy for each in bins] == pytest.approx(accuracy)
    assert [each.confidence for each in bins] == pytest.approx(mean)
    assert sum(each.n for each in bins) == 3000
    assert bins[3].interval == wilson(bins[3].correct, bins[3].n)


def test_the_bins_add_up_to_the_calibration_error() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([0.3] * 5, 500)
    labels = generator.integers(0, 5, 500)
    bins = reliability(probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(int))
    error = sum(each.n * abs(each.accuracy - each.confidence) for each in bins) / 500
    assert error == pytest.approx(expected_calibration_error(probabilities, labels))


def test_a_bin_holds_its_upper_edge_and_empty_ones_are_left_out() -> None:
    bins = reliability(np.array([0.2, 0.2, 1.0]), np.array([1, 0, 1]), bins=5)
    assert [(each.low, each.high, each.n) for each in bins] == [(0.0, 0.2, 2), (0.8, 1.0, 1)]


@pytest.mark.parametrize("n", [300, 5000])
def test_what_chance_gives_is_what_drawing_right_answers_gives(n: int) -> None:
    generator = np.random.default_rng(1)
    confidence = np.maximum(generator.beta(5, 1, n), 0.2)
    errors = []
    for _ in range(400):
        correct = (generator.random(n) < confidence).astype(int)
        errors.append(sum(abs(each.correct - each.n * each.confidence) for each in reliability(confidence, correct)) / n)
    assert ece_null_quantile(confidence) == pytest.approx(np.quantile(errors, 0.95), rel=0.1)


def test_a_network_that_is_always_certain_cannot_be_off_by_chance() -> None:
    assert ece_null_quantile(np.ones(100)) == 0
