from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from convscope.models.architectures import MODELS
from convscope.models.backend import require_backend
from convscope.training.foldable_batch_norm import add_foldable_batch_norm, fold_batch_norm, outputs_logits

require_backend()

import keras  # noqa: E402 - silently, after the back-end

from convscope.training.keras_ext import conv_max_pool  # noqa: E402
from convscope.training.keras_ext.fused_batch_norm import FusedBatchNorm  # noqa: E402


def shaken(model: keras.Model) -> keras.Model:
    """Weights and running statistics far from their initial values, as after a training."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        values = generator.normal(size=weight.shape) * 0.1
        weight.assign(np.abs(values) + 0.1 if weight.path.endswith("variance") else values)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 13, 3)])
def test_the_folded_network_computes_the_same_as_the_trained_one(name: str, shape: tuple[int, int, int]) -> None:
    plain = MODELS[name](shape, 5)
    trained = shaken(add_foldable_batch_norm(MODELS[name](shape, 5), normalize=True))
    plain.set_weights(fold_batch_norm(trained, plain))
    inputs = np.random.default_rng(1).random((16, *shape), np.float32)
    outputs = trained.predict(inputs, verbose=0)
    probabilities = scipy.special.softmax(outputs, axis=1) if outputs_logits(trained) else outputs
    assert np.abs(plain.predict(inputs, verbose=0) - probabilities).max() < 1e-5


def test_a_normalised_network_returns_logits_and_an_unchanged_one_probabilities() -> None:
    with_logits = {
        name: outputs_logits(add_foldable_batch_norm(MODELS[name]((28, 28, 1), 10), normalize=True)) for name in MODELS
    }
    assert with_logits == {"cnn": True, "ann": True, "strong": True, "logistic": False}


@pytest.mark.parametrize("flags", [{"avx2"}, {"avx2", "avx512f"}])
def test_cnn_is_normalised_after_its_pooling_and_before_its_relu(flags: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_max_pool, "processor_flags", lambda: frozenset(flags))
    kinds = [
        type(layer).__name__ for layer in add_foldable_batch_norm(MODELS["cnn"]((28, 28, 1), 10), normalize=True).layers
    ]
    first, behind = ["Conv2D", "MaxPooling2D"], ["FusedBatchNorm", "ReLU"]
    pooled = first if "avx512f" in flags else ["ConvMaxPool"]
    assert kinds == [*pooled, *behind, *first, *behind, "Flatten", "Dense", *behind, "Dense"]


def test_a_network_with_nothing_to_normalise_is_trained_itself() -> None:
    for name, normalize in (("logistic", True), ("cnn", False)):
        model = MODELS[name]((28, 28, 1), 10)
        assert add_foldable_batch_norm(model, normalize=normalize) is model


def test_a_network_that_is_not_a_chain_is_left_unchanged() -> None:
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    both = keras.layers.Add()([keras.layers.Dense(4, activation="relu")(flat), keras.layers.Dense(4)(flat)])
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(both))
    assert add_foldable_batch_norm(model, normalize=True) is model


def test_every_layer_but_the_last_computes_in_the_precision_of_the_session() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        trained = add_foldable_batch_norm(MODELS["cnn"]((28, 28, 1), 10), normalize=True)
    finally:
        keras.config.set_dtype_policy(before)
    assert [layer.compute_dtype for layer in trained.layers] == [*["bfloat16"] * (len(trained.layers) - 1), "float32"]


def test_the_fused_normalisation_equals_keras_in_outputs_gradients_and_statistics() -> None:
    import tensorflow as tf

    inputs = tf.constant(np.random.default_rng(0).normal(1, 2, size=(8, 5, 6, 3)).astype(np.float32))
    results = []
    for kind in (keras.layers.BatchNormalization, FusedBatchNorm):
        layer = kind(momentum=0.9, name="same")
        layer.build(inputs.shape)
        layer.gamma.assign([0.5, 1.5, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs**3)
        gradients = tape.gradient(loss, [inputs, *layer.trainable_weights])
        results.append([outputs, *gradients, layer.moving_mean, layer(inputs, training=False)])
    for one, two in zip(*results, strict=True):
        # The running variance differs by 240 / 239 in a tenth of itself.
        assert np.allclose(one, two, rtol=2e-3, atol=5e-4)
