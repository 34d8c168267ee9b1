from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis import classification
from convscope.analysis.classification import Confusion, confusion, f1_interval, macro_f1_estimate

from ..simulation import holds  # type: ignore[import-not-found]

NAMES = ("a", "b", "c", "d")
Array = np.ndarray[Any, Any]


def answers(n: int, *, seed: int = 0, accuracy: float = 0.8) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    labels = generator.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    return labels, np.where(generator.random(n) < accuracy, labels, generator.integers(0, 4, n))


def test_the_interval_of_f1_is_that_of_a_transformed_proportion() -> None:
    labels, predictions = answers(300)
    for label in range(4):
        hits = int(((labels == label) & (predictions == label)).sum())
        support, called = int((labels == label).sum()), int((predictions == label).sum())
        low, high = proportion_confint(hits, support + called - hits, method="wilson")
        found = f1_interval(hits, support, called)
        assert (found.low, found.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
        assert found.low < f1_score(labels == label, predictions == label) < found.high


def test_the_interval_of_f1_keeps_its_coverage() -> None:
    labels, predictions = answers(200_000, seed=9)
    truth = f1_score(labels == 2, predictions == 2)
    hits = 0
    for seed in range(400):
        labels, predictions = answers(150, seed=seed)
        counts = confusion(labels, predictions, NAMES).counts
        found = f1_interval(int(counts[2, 2]), int(counts[2].sum()), int(counts[:, 2].sum()))
        hits += found.low <= truth <= found.high
    assert holds(hits, 400, low=0.95, high=0.97)


def test_a_class_without_images_has_the_widest_interval_and_a_perfect_one_has_a_width() -> None:
    assert (f1_interval(0, 0, 0).low, f1_interval(0, 0, 0).high) == (0, 1)
    perfect = f1_interval(12, 12, 12)
    assert perfect.low < 0.9
    assert perfect.high == 1


@pytest.mark.slow
@pytest.mark.parametrize("block", [700])
def test_macro_f1_equals_scikit_learns_with_the_deviation_of_resampled_test_sets(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classification, "BLOCK", block)
    labels, predictions = answers(250)
    found = macro_f1_estimate(confusion(labels, predictions, NAMES))
    assert found.value == pytest.approx(f1_score(labels, predictions, average="macro"))
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(200):
        rows = generator.integers(0, 250, 250)
        drawn.append(f1_score(labels[rows], predictions[rows], average="macro"))
    assert (found.interval.high - found.interval.low) / 3.92 == pytest.approx(np.std(drawn), rel=0.2)
    assert found.interval.low < found.value < found.interval.high


@pytest.mark.slow
def test_the_interval_of_macro_f1_keeps_its_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 test sets of 200 images in unequal classes; a quarter of the resamples costs 1% of coverage."""
    monkeypatch.setattr(classification, "RESAMPLES", 500)
    shares = np.full((4, 4), 0.02)
    np.fill_diagonal(shares, [0.34, 0.22, 0.13, 0.07])
    truth = np.mean(2 * np.diag(shares) / (shares.sum(axis=0) + shares.sum(axis=1)))
    hits = 0
    for seed, counts in enumerate(np.random.default_rng(0).multinomial(200, shares.ravel(), 400)):
        found = macro_f1_estimate(Confusion(counts.reshape(4, 4), NAMES), seed=seed).interval
        hits += found.low <= truth <= found.high
    assert holds(hits, 400, low=0.93, high=0.955)


def test_macro_f1_without_one_image_equals_that_of_recounting() -> None:
    labels, predictions = answers(120, accuracy=0.5)
    matrix = confusion(labels, predictions, NAMES)
    true, predicted = np.nonzero(matrix.counts)
    for value, row, column in zip(classification._without_one(matrix.counts, true, predicted), true, predicted, strict=True):
        left_out = np.flatnonzero((labels == row) & (predictions == column))[0]
        again = f1_score(np.delete(labels, left_out), np.delete(predictions, left_out), average="macro")
        assert value == pytest.approx(again)


def test_macro_f1_without_errors_has_the_interval_of_the_accuracy() -> None:
    labels = np.arange(40) % 4
    found = macro_f1_estimate(confusion(labels, labels, NAMES))
    assert found.value == 1
    assert 0.85 < found.interval.low < 0.95


@pytest.mark.slow
def test_a_thousand_classes_are_fast() -> None:
    labels = np.arange(5000) % 1000
    predictions = np.where(np.arange(5000) % 3 == 0, (labels * 7) % 1000, labels)
    found = macro_f1_estimate(confusion(labels, predictions, tuple(map(str, range(1000)))))
    assert found.interval.low < found.interval.high
