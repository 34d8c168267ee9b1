from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import brier_score_loss, log_loss

from convscope.analysis.statistics import bootstrap
from convscope.analysis.uncertainty import calibration
from convscope.analysis.uncertainty.calibration import measure_calibration
from convscope.analysis.uncertainty.temperature import bin_indices, expected_calibration_error

from ...simulation import holds  # type: ignore[import-not-found]

Array = np.ndarray[Any, Any]


def logits_and_labels(n: int, *, sharpness: float = 1.0, k: int = 10, seed: int = 0) -> tuple[Array, Array, Array]:
    """Logits that are ``sharpness`` times too sharp, labels, and the true probabilities."""
    generator = np.random.default_rng(seed)
    honest = generator.normal(0, 3, (n, k))
    shares = softmax(honest, axis=1)
    labels = (shares.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return (honest * sharpness).astype(np.float32), labels, shares


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_each_number_is_that_of_scikit_learn(temperature: float) -> None:
    logits, labels, _ = logits_and_labels(700, k=4)
    shares = softmax(logits.astype(np.float64) / temperature, axis=1)
    found = measure_calibration(logits, labels, temperature=temperature)
    assert found.nll.value == pytest.approx(log_loss(labels, shares))
    one_by_one = [brier_score_loss(labels == label, shares[:, label]) for label in range(4)]
    assert found.brier.value == pytest.approx(sum(one_by_one))
    assert found.ece.value == pytest.approx(expected_calibration_error(shares, labels))
    assert found.overconfidence.value == pytest.approx(shares.max(axis=1).mean() - (shares.argmax(axis=1) == labels).mean())
    for each in (found.nll, found.brier, found.ece, found.overconfidence):
        assert each.interval.low <= each.value <= each.interval.high


def test_too_sharp_is_too_sure_and_the_temperature_mends_it() -> None:
    logits, labels, _ = logits_and_labels(3000, sharpness=2.5)
    before, after = (measure_calibration(logits, labels, temperature=each) for each in (1.0, 2.5))
    assert before.overconfidence.interval.low > 0
    assert before.ece.interval.low > before.ece_null_95
    assert after.overconfidence.interval.low < 0 < after.overconfidence.interval.high
    assert after.ece.interval.low == 0
    assert after.nll.interval.high < before.nll.interval.low


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [pytest.param(1.0, marks=pytest.mark.slow), 1.3])
def test_the_intervals_hold_as_often_as_they_say(sharpness: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 test sets of 150 images; with a quarter of the resamples, which costs a hundredth of the level. That of the
    calibration error holds more often."""
    truths = expected(*logits_and_labels(100_000, sharpness=sharpness, k=4, seed=99)[::2])
    monkeypatch.setattr(calibration, "resampled_means", partial(bootstrap.resampled_means, resamples=500))
    runs, hits = 200, np.zeros(4, int)
    for seed in range(runs):
        logits, labels, _ = logits_and_labels(150, sharpness=sharpness, k=4, seed=seed)
        found = measure_calibration(logits, labels, seed=seed)
        estimates = (found.nll, found.brier, found.overconfidence, found.ece)
        hits += [each.interval.low <= truth <= each.interval.high for each, truth in zip(estimates, truths, strict=True)]
    assert all(holds(int(each), runs, low=0.93, high=0.96) for each in hits[:3]), hits
    assert holds(int(hits[3]), runs, low=0.95, high=1)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "confidence"), [(50, 0.999), (50, 0.99), (200, 0.99), (200, 0.9)])
def test_a_calibrated_network_is_rarely_called_over_or_underconfident_however_few_its_errors(
    n: int, confidence: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of test sets without errors the bootstrap alone draws none: it called 93% of the first kind underconfident."""
    monkeypatch.setattr(calibration, "resampled_means", partial(bootstrap.resampled_means, resamples=200))
    runs, generator = 150, np.random.default_rng(n)
    logits, wrong = np.log(np.tile([confidence, 1 - confidence], (n, 1))), 0
    for seed in range(runs):
        found = measure_calibration(logits, np.asarray(generator.random(n) > confidence, np.int64), seed=seed)
        low, high = found.overconfidence.interval
        assert low <= found.overconfidence.value <= high
        assert found.ece.interval.low >= max(low, -high)
        wrong += not low <= 0 <= high
    assert holds(wrong, runs, low=0, high=0.05), wrong


def smoothed(n: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Logits of a network trained with smoothed labels, which predicts worse errors than it makes, and labels: 4% are errors."""
    honest = generator.normal(size=(n, 10))
    honest[np.arange(n), generator.integers(0, 10, n)] += generator.gamma(4, 4, n)
    shares = softmax(honest, axis=1)
    labels = (shares.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return np.log(0.92 * shares + 0.008), labels


@pytest.mark.slow
def test_loss_and_brier_score_hold_with_few_errors_and_are_never_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bootstrap alone held 62% of the time."""
    monkeypatch.setattr(calibration, "resampled_means", partial(bootstrap.resampled_means, resamples=200))
    runs, hits, generator = 100, np.zeros(2, np.int64), np.random.default_rng(0)
    large = measure_calibration(*smoothed(100_000, generator))
    for seed in range(runs):
        found = measure_calibration(*smoothed(50, generator), seed=seed)
        pairs = ((found.nll, large.nll.value), (found.brier, large.brier.value))
        hits += [each.interval.low <= true <= each.interval.high for each, true in pairs]
        assert min(each.interval.low for each, _ in pairs) >= 0
    assert all(holds(int(each), runs, low=0.95, high=1) for each in hits), hits


def test_with_many_errors_loss_and_brier_score_have_the_bootstraps_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = smoothed(3000, np.random.default_rng(0))
    found = measure_calibration(logits, labels)
    monkeypatch.setattr(calibration, "_allowing_for_unseen_errors", lambda estimate, *_: estimate)
    alone = measure_calibration(logits, labels)
    assert (found.nll, found.brier) == (alone.nll, alone.brier)


def expected(logits: Array, shares: Array) -> tuple[float, float, float, float]:
    """Negative log-likelihood, Brier score, gap and calibration error where the true classes are as probable as ``shares``."""
    said = softmax(logits.astype(np.float64), axis=1)
    confidence, correct = said.max(axis=1), shares[np.arange(len(shares)), logits.argmax(axis=1)]
    nll = -(shares * np.log(said)).sum(axis=1).mean()
    brier = ((said**2).sum(axis=1) - 2 * (shares * said).sum(axis=1) + 1).mean()
    ece = np.abs(np.bincount(bin_indices(confidence), weights=confidence - correct)).sum() / len(correct)
    return float(nll), float(brier), float((confidence - correct).mean()), float(ece)


def test_a_single_image_has_numbers_without_width() -> None:
    found = measure_calibration(np.array([[2.0, 0.0]]), np.array([0]))
    assert found.nll.value == pytest.approx(np.log1p(np.exp(-2)))
    assert found.nll.interval.low == pytest.approx(found.nll.value)


def test_logits_of_thousands_do_not_overflow() -> None:
    found = measure_calibration(np.array([[5000.0, -5000.0], [4000.0, 1.0], [9.0, 3000.0]]), np.array([0, 1, 1]))
    assert np.isfinite([found.nll.value, found.brier.value, found.ece.value, found.overconfidence.value]).all()
