from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.models.keras_model import to_keras
from convscope.models.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LayerSpec,
    MaxPooling2D,
    ReLU,
    sequential,
    with_initial_weights,
)
from convscope.models.network import Layer, Network, from_keras

require_backend()
import keras  # noqa: E402

SHAPE = (28, 30, 3)


def cnn(words: Any) -> list[Any]:
    return [
        words.Conv2D(16, (3, 3), activation="relu"),
        words.MaxPooling2D((2, 2)),
        words.Conv2D(32, (3, 3), activation="relu", padding="same"),
        words.MaxPooling2D((2, 3)),
        words.Flatten(),
        words.Dense(128, activation="relu"),
        words.Dense(10, activation="softmax"),
    ]


def strong(words: Any) -> list[Any]:
    blocks: list[Any] = []
    for filters, side, padding in ((16, 5, "valid"), (48, 3, "same"), (64, (3, 2), "same")):
        blocks += [words.Conv2D(filters, side, padding=padding, use_bias=False), words.BatchNormalization(momentum=0.95)]
        blocks += [words.ReLU(), words.MaxPooling2D(2)]
    return [*blocks, words.Flatten(), words.Dropout(0.3), words.Dense(10, activation="softmax", use_bias=False)]


def ann(words: Any) -> list[Any]:
    return [words.Flatten(), words.Dense(9, activation="tanh"), words.Dense(8), words.Dense(10, activation="softmax")]


def named(words: Any) -> list[Any]:
    """Every layer that has a name of its own stands before one that has none."""
    return [
        words.Conv2D(4, 3, name="first"),
        words.Conv2D(5, 3),
        words.BatchNormalization(name="norm"),
        words.BatchNormalization(epsilon=1e-5),
        words.ReLU(name="rectified"),
        words.ReLU(),
        words.MaxPooling2D(2, name="pool"),
        words.MaxPooling2D(),
        words.Dropout(0.1, name="drop"),
        words.Dropout(0.2),
        words.Dense(3, name="pointwise"),
        words.Flatten(name="flat"),
        words.Flatten(),
        words.Dense(7, activation="softmax"),
    ]


class Ours:
    """The vocabulary under Keras' names."""

    Conv2D, MaxPooling2D, Flatten, Dense = Conv2D, MaxPooling2D, Flatten, Dense
    BatchNormalization, ReLU, Dropout = BatchNormalization, ReLU, Dropout


@pytest.mark.slow
@pytest.mark.rows(4)
@pytest.mark.parametrize("write", [cnn, strong, ann, named])
@pytest.mark.parametrize("image_shape", [SHAPE, (21, 23, 1)])
def test_the_same_words_describe_the_same_network_as_in_keras(
    write: Callable[[Any], list[Any]], image_shape: tuple[int, int, int]
) -> None:
    keras.utils.clear_session()  # Keras counts layers through a whole session
    model = keras.Sequential([keras.Input(image_shape), *write(keras.layers)], name="net")
    network, expected = sequential("net", image_shape, write(Ours)), from_keras(model)
    assert network.description() == expected.description()
    for ours, kerass in zip(network.layers, expected.layers, strict=True):
        assert list(ours.settings) == list(kerass.settings)
        assert {name: (array.shape, array.dtype) for name, array in ours.weights.items()} == {
            name: (array.shape, array.dtype) for name, array in kerass.weights.items()
        }
    assert from_keras(to_keras(network)).description() == network.description()


def test_names_do_not_depend_on_what_was_described_before() -> None:
    first, second = (sequential("net", SHAPE, cnn(Ours)) for _ in range(2))
    assert first.description() == second.description()


def test_kernels_are_spread_like_keras_glorot_uniform_and_the_rest_is_constant() -> None:
    network = with_initial_weights(sequential("net", SHAPE, strong(Ours)), 3)
    for name, limit in {"conv2d": sqrt(6 / (25 * 3 + 25 * 16)), "dense": sqrt(6 / (3 * 3 * 64 + 10))}.items():
        ours = network[name].weights["kernel"]
        kerass = np.asarray(keras.initializers.GlorotUniform(seed=0)(ours.shape))
        assert max(abs(ours.min()), abs(ours.max())) <= np.float32(limit)
        assert np.abs(kerass).max() == pytest.approx(limit, rel=0.01)
        assert stats.kstest(ours.ravel() / limit, stats.uniform(-1, 2).cdf).pvalue > 0.01
        assert stats.ks_2samp(ours.ravel(), kerass.ravel()).pvalue > 0.01
    constants = {"gamma": 1, "beta": 0, "moving_mean": 0, "moving_variance": 1}
    for name, value in constants.items():
        assert np.array_equal(network["batch_normalization"].weights[name], np.full(16, value, np.float32))


def test_biases_start_at_zero() -> None:
    network = sequential("net", SHAPE, cnn(Ours))
    assert not network["conv2d_1"].weights["bias"].any()
    assert not network["dense_1"].weights["bias"].any()


def test_sequential_has_the_weights_of_seed_0_and_each_seed_has_its_own() -> None:
    network = sequential("net", SHAPE, cnn(Ours))
    zero, again, one = (with_initial_weights(network, seed).weight_arrays() for seed in (0, 0, 1))
    for name, array in network.weight_arrays().items():
        assert np.array_equal(array, zero[name])
        assert np.array_equal(array, again[name])
        assert np.array_equal(array, one[name]) == ("bias" in name)


def test_a_layers_weights_do_not_depend_on_the_other_layers() -> None:
    few = sequential("few", (8, 8, 1), [Conv2D(4, 3), Conv2D(5, 3), Flatten(), Dense(2)])
    wide = sequential("wide", (8, 8, 1), [Conv2D(4, 3), Conv2D(5, 3, use_bias=False), Flatten(), Dense(9)])
    for name in ("conv2d", "conv2d_1"):
        assert np.array_equal(few[name].weights["kernel"], wide[name].weights["kernel"])
    twice = sequential("twice", (8, 8, 1), [Flatten(), Dense(64), Dense(64)])
    assert not np.array_equal(twice["dense"].weights["kernel"], twice["dense_1"].weights["kernel"])


def test_the_first_values_of_seed_0_stay_what_they_are() -> None:
    kernel = sequential("net", (2, 2, 1), [Flatten(), Dense(2)])["dense"].weights["kernel"]
    drawn = np.random.Generator(np.random.PCG64([0, 1])).random((4, 2), np.float32)
    assert np.array_equal(kernel, np.float32(1) * (2 * drawn - 1))  # 6 / (4 + 2) is 1
    assert kernel[0].tolist() == pytest.approx([0.04431415, 0.77947748], abs=1e-7)


def test_weights_without_known_initial_values_are_named() -> None:
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    odd = Layer("deep", "DepthwiseConv2D", {}, (4, 4, 1), (2, 2, 1), {"kernel": kernel})
    with pytest.raises(ConfigError, match="'deep', of the kind DepthwiseConv2D.*'kernel'"):
        with_initial_weights(Network("odd", (4, 4, 1), (odd,)), 0)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([], "'net' has no layers"),
        ([Conv2D(4, 3), MaxPooling2D(2), Conv2D(4, 3, name="second")], "'second' gets 2 × 2 pixels.*3 × 3"),
        ([Conv2D(4, (3, 7))], "'conv2d' gets 6 × 6 pixels.*3 × 7"),
        ([MaxPooling2D(2), MaxPooling2D(4)], "'max_pooling2d_1' gets 3 × 3 pixels.*4 × 4"),
        ([Flatten(), Conv2D(4, 3)], "'conv2d' takes images.*gets 36 values.*before Flatten"),
        ([Conv2D(4, 3, padding="full")], "padding of layer 'conv2d' must be 'valid' or 'same'; got 'full'"),
        ([Conv2D(0, 3)], "filters of layer 'conv2d' must be a whole number of at least 1; got 0"),
        ([Conv2D("8", 3)], "filters of layer 'conv2d' must be a whole number of at least 1; got '8'"),  # type: ignore[arg-type]
        ([Conv2D(4, (3, 0))], r"kernel_size of layer 'conv2d' must be one or two whole numbers of at least 1; got \[3, 0\]"),
        ([Conv2D(4, (3, 3, 1))], r"kernel_size of layer 'conv2d' must be one or two .*got \[3, 3, 1\]"),  # type: ignore[arg-type]
        ([MaxPooling2D(0)], "pool_size of layer 'max_pooling2d' must be one or two whole numbers of at least 1"),
        ([MaxPooling2D(2.5)], r"pool_size of layer 'max_pooling2d' must be .*got \[2\.5, 2\.5\]"),  # type: ignore[arg-type]
        ([Flatten(), Dense(-1)], "units of layer 'dense' must be a whole number of at least 1; got -1"),
        ([Flatten(), Dense(3.5)], r"units of layer 'dense' must be a whole number of at least 1; got 3\.5"),  # type: ignore[arg-type]
        ([Dropout(1.0)], r"rate of layer 'dropout' must be a number of at least 0 and under 1; got 1\.0"),
        ([Dropout("half")], "rate of layer 'dropout' must be a number of .*got 'half'"),  # type: ignore[arg-type]
        ([Dense(2, activation="rellu")], "layer 'dense' has the activation 'rellu'"),
        ([Flatten(name="flat"), Dense(2, name="flat")], "two layers of 'net' are called 'flat'"),
        ([Dense(2, name="dense_1"), Dense(2), Dense(2)], "two layers of 'net' are called 'dense_1'"),
    ],
)
def test_a_layer_that_cannot_be_is_named(layers: list[LayerSpec], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        sequential("net", (6, 6, 1), layers)


def test_padding_same_keeps_images_of_any_size() -> None:
    network = sequential("net", (1, 2, 1), [Conv2D(4, 5, padding="same"), Conv2D(3, (2, 4), padding="same")])
    assert [layer.output_shape for layer in network.layers] == [(1, 2, 4), (1, 2, 3)]


def test_a_specification_is_not_changed_by_use() -> None:
    layer = Dense(3)
    sequential("net", (2, 2, 1), [Flatten(), layer])
    assert layer == replace(layer) == Dense(3)
