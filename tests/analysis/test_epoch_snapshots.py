"""Which epochs are kept, how, and what is measured of them."""

from __future__ import annotations

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

import convscope
from convscope.analysis.epoch_snapshots import (
    EPOCHS_BYTES,
    epochs_to_keep,
    evaluate_snapshots,
    quantize_weights,
    reproduces_logits,
)
from convscope.data.dataset import Dataset
from convscope.models.network import Layer
from convscope.runs.record import RunRecord


def test_all_epochs_are_kept_where_they_fit() -> None:
    assert epochs_to_keep(10, 108_618) == list(range(1, 11))
    assert epochs_to_keep(1, 108_618) == [1]
    assert epochs_to_keep(2, 10**9) == [1, 2]


@pytest.mark.parametrize("num_epochs", [3, 7, 40, 300])
@pytest.mark.parametrize("num_weights", [1, 50_000, 10**6, 10**9])
def test_the_first_and_the_last_are_always_kept_and_the_rest_evenly(num_epochs: int, num_weights: int) -> None:
    epochs = epochs_to_keep(num_epochs, num_weights)
    assert epochs[0] == 1
    assert epochs[-1] == num_epochs
    steps = np.diff(epochs)
    assert (steps >= 1).all()
    assert steps.max() - steps.min() <= 1
    assert len(epochs) <= 2 or (len(epochs) - 1) * num_weights * 1.9 <= EPOCHS_BYTES


def test_a_coarse_weight_is_the_nearest_of_eight_digits() -> None:
    """Within float16's normal range those are the numbers of bfloat16, to which ml_dtypes rounds."""
    halves = np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float16).astype(np.float32)
    halves = halves[np.abs(halves) > 2**-14]
    expected = halves.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert np.array_equal(quantize_weights(halves).astype(np.float32), expected)


def test_weights_at_the_ends_of_float16_survive() -> None:
    edges = np.array([0.0, -0.0, 65504.0, 1e9, -1e9, 2**-24, np.nan], np.float32)
    with np.errstate(over="ignore"):
        halves = edges.astype(np.float16)
    rounded = quantize_weights(edges)
    assert np.array_equal(np.isfinite(rounded), np.isfinite(halves))
    assert rounded[2] == 65504


def test_fresh_weights_and_those_of_a_run_folder_are_rounded_alike() -> None:
    weights = np.random.default_rng(1).normal(0, 1, 10_000).astype(np.float32)
    assert np.array_equal(quantize_weights(weights), quantize_weights(weights.astype(np.float16).astype(np.float32)))


def test_the_film_is_what_keras_says_of_the_kept_weights(digits_run: convscope.Run, digits: Dataset) -> None:
    record = digits_run.record
    snapshots = evaluate_snapshots(record.network, record.snapshots, digits.test.images, record.evaluation)
    assert snapshots is not None
    assert snapshots.epochs.tolist() == [1, 2]
    final = digits_run.model.get_weights()
    try:
        digits_run.model.set_weights([quantize_weights(array).astype(np.float32) for array in record.snapshots[0].values()])
        predictions = np.asarray(digits_run.model(digits.test.images / 255)).argmax(axis=1)
    finally:
        digits_run.model.set_weights(final)
    assert snapshots.accuracy.tolist() == [(predictions == digits.test.labels).mean(), record.evaluation.accuracy]
    assert snapshots.confusion is not None
    assert snapshots.confusion[1].tolist() == record.metrics["test"]["confusion"]
    assert [np.trace(each) / each.sum() for each in snapshots.confusion] == pytest.approx(snapshots.accuracy)


def test_the_last_epoch_gives_the_known_logits(digits_record: RunRecord, digits: Dataset) -> None:
    assert reproduces_logits(digits_record.network, digits.test.images, digits_record.evaluation)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "LayerNormalization"}, {"settings": {"activation": "mish"}}, {"settings": {"activation": "tanh"}}],
)
def test_a_network_that_cannot_be_followed_has_no_film(
    changed: dict[str, object], digits_record: RunRecord, digits: Dataset
) -> None:
    layers = list(digits_record.network.layers)
    index = [layer.name for layer in layers].index("dense")
    layers[index] = replace(layers[index], **changed)  # type: ignore[arg-type]
    network = replace(digits_record.network, layers=tuple(layers))
    assert isinstance(layers[index], Layer)
    assert evaluate_snapshots(network, digits_record.snapshots, digits.test.images, digits_record.evaluation) is None
