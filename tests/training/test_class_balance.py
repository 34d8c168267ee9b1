"""A correction is in the weights and in nothing else; weights in the loss are scikit-learn's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.models.architectures import ann, cnn
from convscope.models.custom import Build
from convscope.models.layers import Dense, Flatten, sequential
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.training.class_balance import STRENGTH, class_weights
from convscope.training.loop import Training, fit
from convscope.training.recipes import sprint


@pytest.fixture(scope="module")
def uneven(digits: Dataset) -> Dataset:
    """Digits with 12 images each of the odd ones, and none of the nine."""
    labels = digits.train.labels
    kept = [np.flatnonzero(labels == each)[: 12 if each % 2 else None] for each in range(9)]
    return replace(digits, train=digits.train.take(np.sort(np.concatenate(kept))))


def trained(dataset: Dataset, balance: str, engine: str, build: Build = ann, epochs: int = 2) -> Training:
    return fit(build, dataset, sprint().with_settings({"epochs": epochs, "balance": balance}), seed=0, engine=engine)


def counts_of(training: Training, dataset: Dataset) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return dataset.train.class_counts(10) - training.validation.class_counts(10)


def test_class_weights_are_those_of_scikit_learn() -> None:
    labels = np.repeat([0, 1, 3], [70, 7, 23])
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=labels)
    assert class_weights(np.bincount(labels, minlength=5))[[0, 1, 3]] == pytest.approx(expected)
    assert class_weights(np.array([3, 3, 3])).tolist() == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "keras"])
def test_a_prior_correction_subtracts_logarithms_of_frequencies_from_the_logits_of_the_same_weights(
    engine: str, uneven: Dataset
) -> None:
    plain, corrected = (trained(uneven, balance, engine) for balance in ("none", "prior"))
    counts = counts_of(plain, uneven)
    images = uneven.test.images
    expected = plain.logits(images).astype(np.float64)
    expected[:, :9] -= STRENGTH * np.log(counts[:9] / counts[:9].mean())
    for logits in (
        corrected.logits(images),
        Predictor(onnx_bytes(corrected.network)).logits(images),
        Predictor(onnx_bytes(corrected.network, corrected.snapshots[-1])).logits(images),
    ):
        assert np.abs(logits - expected).max() <= 1e-4 * np.abs(expected).max()
    probabilities = np.asarray(corrected.model(images / np.float32(255)))
    assert (probabilities.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.999
    bias = f"{plain.network.layers[-1].name}/bias"
    first = [training.snapshots[0][bias] for training in (plain, corrected)]
    assert first[1] - first[0] == pytest.approx(expected[0] - plain.logits(images)[0], abs=1e-4)
    assert [each.val_loss for each in corrected.history] == [each.val_loss for each in plain.history]
    rare = np.isin(uneven.test.labels, [1, 3, 5, 7])
    recalls = [(each.logits(images).argmax(axis=1) == uneven.test.labels)[rare].mean() for each in (plain, corrected)]
    assert recalls[1] > recalls[0]


@pytest.mark.slow
def test_a_model_of_keras_itself_is_corrected_in_place(uneven: Dataset) -> None:
    import keras

    def build(shape: tuple[int, ...], classes: int) -> keras.Model:
        layers = [keras.layers.Flatten(), keras.layers.Dense(classes, activation="softmax", name="last")]
        return keras.Sequential([keras.Input(shape), *layers])

    plain, corrected = (trained(uneven, balance, "keras", build, epochs=1) for balance in ("none", "prior"))
    difference = np.asarray(corrected.model.get_layer("last").bias) - np.asarray(plain.model.get_layer("last").bias)
    assert difference == pytest.approx(STRENGTH * np.log(class_weights(counts_of(plain, uneven))), abs=1e-5)
    assert np.array_equal(corrected.network["last"].weights["bias"], np.asarray(corrected.model.get_layer("last").bias))


def test_a_last_layer_without_a_bias_is_refused_before_the_training(uneven: Dataset) -> None:
    def build(shape: tuple[int, int, int], classes: int) -> object:
        return sequential("bare", shape, [Flatten(), Dense(classes, activation="softmax", use_bias=False)])

    with pytest.raises(ConfigError, match="dense has none"):
        trained(uneven, "prior", "auto", build)  # type: ignore[arg-type]
    assert trained(uneven, "weights", "auto", build, epochs=1).correction is None  # type: ignore[arg-type]


@pytest.mark.slow
def test_both_engines_weight_the_loss_alike_and_record_it_without_weights(uneven: Dataset) -> None:
    config = replace(sprint(), epochs=1, balance="weights", label_smoothing=0.1, batch_size=32, min_steps_per_epoch=1)
    native, keras = (fit(cnn, uneven, config, seed=0, engine=engine) for engine in ("native", "keras"))
    plain = fit(cnn, uneven, replace(config, balance="none"), seed=0, engine="native")
    assert native.history[0].loss == pytest.approx(keras.history[0].loss, rel=0.02)
    assert native.history[0].val_loss == pytest.approx(keras.history[0].val_loss, rel=0.05)
    weights = (each.network.weight_arrays()["dense_1/kernel"] for each in (native, keras, plain))
    one, other, unweighted = weights
    assert np.abs(one - other).mean() < 0.2 * np.abs(one - unweighted).mean()
