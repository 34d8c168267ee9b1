"""Temperature and calibration error against SciPy and sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from convscope.analysis.uncertainty.temperature import expected_calibration_error, fit_temperature, fit_temperature_scaling

Array = np.ndarray[Any, Any]


def logits_and_labels(sharpness: float, *, n: int = 2000, k: int = 7) -> tuple[Array, Array]:
    """Labels drawn from the softmax of some logits, which are then made too sharp: ``sharpness`` is the correct answer."""
    generator = np.random.default_rng(1)
    honest = generator.normal(0, 2, (n, k))
    shares = np.exp(log_softmax(honest, axis=1))
    labels = np.array([generator.choice(k, p=row) for row in shares])
    return honest * sharpness, labels


def likelihood(temperature: float, logits: Array, labels: Array) -> float:
    return float(-log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean())


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 2.5])
def test_the_temperature_is_the_one_that_scipy_finds(sharpness: float) -> None:
    logits, labels = logits_and_labels(sharpness)
    found = minimize_scalar(likelihood, bounds=(0.05, 20), args=(logits, labels), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(logits, labels) == pytest.approx(found.x, rel=1e-4)
    assert fit_temperature(logits, labels) == pytest.approx(sharpness, rel=0.1)


def test_what_is_reported_is_the_likelihood_at_one_and_at_the_temperature() -> None:
    logits, labels = logits_and_labels(2.5)
    found = fit_temperature_scaling(logits.astype(np.float32), labels)
    assert found is not None
    assert found.n == 2000
    assert found.nll_before == pytest.approx(likelihood(1, logits, labels), rel=1e-5)
    assert found.nll_after == pytest.approx(likelihood(found.temperature, logits, labels), rel=1e-5)
    assert found.nll_after < found.nll_before
    assert found.ece_after < found.ece_before / 3


def test_the_calibration_error_is_the_sum_by_hand() -> None:
    """Bins of a fifteenth: 0.95 and 0.94 share the last, 0.8 and 0.75 the twelfth, 2/3 lies on the upper edge of the tenth."""
    confidence = np.array([0.95, 0.94, 0.8, 0.75, 2 / 3])
    correct = np.array([1, 0, 1, 1, 0])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    by_hand = (abs(0.95 + 0.94 - 1) + abs(0.8 + 0.75 - 2) + abs(2 / 3 - 0)) / 5
    assert expected_calibration_error(probabilities, 1 - correct) == pytest.approx(by_hand)


def test_the_calibration_error_agrees_with_a_loop_over_bins() -> None:
    logits, labels = logits_and_labels(1.7, n=500)
    probabilities = np.exp(log_softmax(logits, axis=1))
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = 0.0
    for number in range(15):
        inside = (confidence > number / 15) & (confidence <= (number + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_a_network_that_made_no_mistake_has_no_temperature() -> None:
    assert fit_temperature_scaling(np.eye(4, dtype=np.float32), np.arange(4)) is None


def test_a_network_worse_than_chance_gets_the_hottest_there_is() -> None:
    assert fit_temperature(-np.eye(4), np.arange(4)) == pytest.approx(100)


def test_logits_of_thousands_do_not_overflow() -> None:
    found = fit_temperature_scaling(
        np.array([[5000.0, -5000.0], [4000.0, 1.0], [9.0, 3000.0]], np.float32), np.array([0, 1, 1])
    )
    assert found is not None
    assert np.isfinite([found.temperature, found.nll_before, found.nll_after]).all()
