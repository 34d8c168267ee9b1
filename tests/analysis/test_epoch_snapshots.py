"""Which epochs are kept, how, and what is measured of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convscope
from convscope.analysis.epoch_snapshots import (
    BYTES_PER_WEIGHT,
    EPOCHS_BYTES,
    STEPS,
    epochs_to_keep,
    evaluate_snapshots,
    page_weights,
    quantize_weights,
    reproduces_logits,
    restore_weights,
)
from convscope.data.dataset import Dataset
from convscope.models.network import Layer
from convscope.runs.record import RunRecord

Array = npt.NDArray[Any]


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
    assert len(epochs) <= 2 or (len(epochs) - 1) * num_weights * BYTES_PER_WEIGHT <= EPOCHS_BYTES


def test_a_weight_of_an_epoch_is_restored_within_half_a_step() -> None:
    generator = np.random.default_rng(0)
    final = generator.normal(0, 0.1, (200, 100)).astype(np.float32)
    weights = (final + generator.normal(0, 0.2, final.shape)).astype(np.float32)
    counts, step = quantize_weights(weights, final)
    assert step == pytest.approx(weights.std() / STEPS, rel=1e-3)
    assert np.abs(restore_weights(counts, step, final) - weights).max() <= 0.51 * step  # and the rounding of float16
    assert np.array_equal(restore_weights(np.zeros_like(counts), step, final), final)


@pytest.mark.parametrize(
    ("weights", "final"),
    [
        (np.array([0.0, -0.0, 65504.0, 1e9, -1e9, 2**-24, np.nan]), np.zeros(7)),
        (np.array([[0.0, np.nan]]), np.array([[1.0, 2.0]])),
        (np.array([[0.0, np.inf]]), np.array([[1.0, 2.0]])),
        (np.array([[3.0, 4.0]]), np.array([[np.nan, 2.0]])),
        (np.array([[3.0, 3.0]]), np.array([[1.0, 2.0]])),
        (np.array([[3.0, 3.001]]), np.array([[0.0, 1e4]])),
        (np.array([1e-5, 10.0]), np.array([5.0, 10.0])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
    ids=["ends of float16", "NaN", "infinite", "NaN at the end", "equal", "far away", "vector", "empty"],
)
def test_weights_that_no_step_fits_are_float16(weights: Array, final: Array) -> None:
    weights, final = weights.astype(np.float32), final.astype(np.float32)
    with np.errstate(over="ignore"):
        halves = weights.astype(np.float16).astype(np.float32)
    counts, step = quantize_weights(weights, final)
    assert step == 0
    assert np.array_equal(restore_weights(counts, step, final), halves, equal_nan=True)


def test_fresh_weights_and_those_of_a_run_folder_are_quantized_alike() -> None:
    weights, final = np.random.default_rng(1).normal(0, 1, (2, 100, 100)).astype(np.float32)
    fresh, kept = quantize_weights(weights, final), quantize_weights(weights.astype(np.float16).astype(np.float32), final)
    assert np.array_equal(fresh[0], kept[0])
    assert fresh[1] == kept[1]


def test_the_film_is_what_keras_says_of_the_kept_weights(digits_run: convscope.Run, digits: Dataset) -> None:
    record = digits_run.record
    snapshots = evaluate_snapshots(record.network, record.snapshots, digits.test.images, record.evaluation)
    assert snapshots is not None
    assert snapshots.epochs.tolist() == [1, 2]
    final = digits_run.model.get_weights()
    try:
        digits_run.model.set_weights([*page_weights(record.network, record.snapshots[0]).values()])
        predictions = np.asarray(digits_run.model(digits.test.images / 255)).argmax(axis=1)
    finally:
        digits_run.model.set_weights(final)
    assert snapshots.accuracy.tolist() == [(predictions == digits.test.labels).mean(), record.evaluation.accuracy]
    assert snapshots.predictions is not None
    assert snapshots.predictions[0].tolist() == predictions.tolist()  # image by image, of the weights that the page has
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
