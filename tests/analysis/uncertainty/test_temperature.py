"""Temperature and calibration error against SciPy and sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binom, chi2

from convscope.analysis.uncertainty.temperature import (
    LIKELIHOOD_DROP,
    TemperatureScaling,
    cross_fitted_nll,
    expected_calibration_error,
    fit_temperature,
    fit_temperature_scaling,
    temperature_interval,
)

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


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 2.5])
def test_the_interval_ends_where_scipy_finds_the_likelihood_ratio_significant(sharpness: float) -> None:
    logits, labels = logits_and_labels(sharpness, n=500)
    fitted = fit_temperature(logits, labels)
    assert chi2.isf(0.05, 1) / 2 == pytest.approx(LIKELIHOOD_DROP)

    def excess(temperature: float) -> float:
        return 500 * (likelihood(temperature, logits, labels) - likelihood(fitted, logits, labels)) - LIKELIHOOD_DROP

    low, high = temperature_interval(logits, labels, fitted)
    assert low == pytest.approx(brentq(excess, fitted / 4, fitted), rel=1e-3)
    assert high == pytest.approx(brentq(excess, fitted, fitted * 4), rel=1e-3)


def calibrated_sample(generator: np.random.Generator) -> tuple[Array, Array]:
    """Return logits (300, 4) and labels drawn from their own softmax: the right temperature is 1."""
    logits = generator.normal(0, 2, (300, 4))
    shares = np.exp(log_softmax(logits, axis=1)).cumsum(axis=1)
    return logits, np.minimum((generator.random((300, 1)) > shares).sum(axis=1), 3)


@pytest.mark.slow
def test_the_interval_holds_the_temperature_in_nineteen_of_twenty_samples() -> None:
    """Of 400 samples of 300 images; an interval of 90% or 98% would fail."""
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        logits, labels = calibrated_sample(generator)
        low, high = temperature_interval(logits, labels, fit_temperature(logits, labels))
        held += low <= 1 <= high
    assert binom(400, 0.95).ppf(0.005) <= held <= binom(400, 0.95).ppf(0.995)


def test_without_an_error_in_the_fitted_folds_calibration_does_not_help() -> None:
    """The one error has no other to fit a temperature to: the interval alone cannot decide."""
    logits, labels = np.tile([4.0, 0.0], (100, 1)), np.zeros(100, int)
    labels[0] = 1
    found = fit_temperature_scaling(logits, labels)
    assert found is not None
    assert found.nll_after < found.nll_before
    assert found.nll_cross_fitted is not None
    assert found.nll_cross_fitted > found.nll_before
    assert not found.helps


def test_a_few_errors_are_spread_over_the_folds() -> None:
    """A smoothed network, right 118 times of 120 with a confidence of 0.95: both errors were in one fold, which fitted none."""
    labels = np.zeros(120, int)
    labels[[5, 10]] = 1
    found = fit_temperature_scaling(np.tile([2.0, -1.0], (120, 1)), labels)
    assert found is not None
    assert found.nll_cross_fitted is not None
    assert found.nll_cross_fitted < 0.2


def test_the_cross_fitted_loss_is_that_of_a_loop_over_folds() -> None:
    logits, labels = logits_and_labels(2.5, n=301)
    total = 0.0
    right = logits.argmax(axis=1) == labels
    order = [*np.flatnonzero(~right), *np.flatnonzero(right)]  # the errors are dealt out first
    for fold in range(5):
        tested = [index for place, index in enumerate(order) if place % 5 == fold]
        rest = [index for place, index in enumerate(order) if place % 5 != fold]
        found = minimize_scalar(likelihood, bounds=(0.05, 20), args=(logits[rest], labels[rest]), method="bounded")
        total += len(tested) * likelihood(found.x, logits[tested], labels[tested])
    assert cross_fitted_nll(logits, labels) == pytest.approx(total / 301, rel=1e-6)


@pytest.mark.parametrize(("interval", "cross_fitted", "helps"), [
    ((0.5, 0.7), 0.09, True), ((1.1, 1.4), 0.09, True), ((0.9, 1.2), 0.09, False), ((1.1, 1.4), 0.11, False),
    (None, None, True),
])  # fmt: skip
def test_calibration_helps_if_the_temperature_is_not_one_and_lowers_the_loss_of_other_images(
    interval: tuple[float, float] | None, cross_fitted: float | None, helps: bool
) -> None:
    """Without an interval, as in runs of earlier versions, a fitted temperature stays in use."""
    assert TemperatureScaling(1.2, 1000, 0.1, 0.08, 0.02, 0.01, interval, cross_fitted).helps == helps


def test_a_calibrated_network_is_rarely_calibrated_again() -> None:
    generator = np.random.default_rng(6)
    used = 0
    for _ in range(100):
        logits, labels = calibrated_sample(generator)
        found = fit_temperature_scaling(logits, labels)
        assert found is not None
        used += found.helps
    assert used <= binom(100, 0.05).ppf(0.999)


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
