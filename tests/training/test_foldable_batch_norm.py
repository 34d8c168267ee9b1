from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.models.architectures import MODELS, ann, cnn, logistic, strong
from convscope.models.layers import Conv2D, Dense, Flatten, sequential
from convscope.models.network import Network
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.training.foldable_batch_norm import add_batch_norm, fold_batch_norm
from convscope.training.loop import fit
from convscope.training.recipes import standard


def with_random_weights(network: Network, seed: int) -> Network:
    """Weights of which none is neutral, as after a training; negative scales among them."""
    generator = np.random.default_rng(seed)
    weights = {}
    for name, array in network.weight_arrays().items():
        low, high = (0.3, 3.0) if name.endswith("variance") else (-1.0, 1.0)
        weights[name] = generator.uniform(low, high, array.shape).astype(np.float32)
    return network.with_weights(weights)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_plain_network_computes_what_the_normalised_one_computed(name: str, digits: Dataset) -> None:
    plain = MODELS[name](digits.image_shape, 10)
    assert isinstance(plain, Network)
    trained = with_random_weights(add_batch_norm(plain), 3)
    folded = plain.with_weights(fold_batch_norm(trained.weight_arrays(), plain))
    expected, ours = (Predictor(onnx_bytes(each)).logits(digits.test.images) for each in (trained, folded))
    assert np.abs(ours - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("build", "expected"), [(cnn, ["dense"]), (ann, ["dense", "dense_1"]), (logistic, []), (strong, [])]
)
def test_hidden_dense_layers_are_normalised_and_no_others(build: type, expected: list[str]) -> None:
    plain = build((28, 28, 1), 10)
    added = [layer.name for layer in add_batch_norm(plain).layers if layer.name.endswith("_normalized")]
    assert added == [f"{name}_normalized" for name in expected]


def test_a_layer_without_bias_or_relu_stays_as_it_is() -> None:
    layers = [Conv2D(4, 3, activation="relu"), Flatten(), Dense(9, activation="tanh"), Dense(8, use_bias=False), Dense(3)]
    plain = sequential("other", (8, 8, 1), layers)
    assert add_batch_norm(plain).description() == plain.description()


def test_a_network_that_was_not_normalised_keeps_its_weights() -> None:
    plain = with_random_weights(strong((28, 28, 1), 10), 0)
    folded = fold_batch_norm(plain.weight_arrays(), plain)
    assert all(folded[name] is array for name, array in plain.weight_arrays().items())


@pytest.mark.parametrize("engine", ["native", pytest.param("keras", marks=pytest.mark.slow)])
def test_a_training_returns_the_plain_network_with_the_accuracy_of_the_normalised_one(engine: str, digits: Dataset) -> None:
    training = fit(ann, digits, replace(standard(), epochs=2), seed=0, engine=engine)
    assert [layer.kind for layer in training.network.layers] == ["Flatten", "Dense", "Dense", "Dense"]
    images, labels = training.validation.images, training.validation.labels
    logits = Predictor(onnx_bytes(training.network)).logits(images)
    assert np.abs(logits - training.logits(images)).max() <= 1e-4
    assert (logits.argmax(axis=1) == labels).mean() == pytest.approx(training.history[-1].val_accuracy, abs=1e-6)
    if training.keras_model is not None:
        assert [layer.name for layer in training.keras_model.layers] == [layer.name for layer in training.network.layers]
