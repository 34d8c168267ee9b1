from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.models.keras_model import ACTIVATIONS, DEFAULT_NAMES, default_names, to_keras
from convscope.models.network import Layer, Network, from_keras

from .keras_networks import BUILDS, KERAS_MODELS, shaken  # type: ignore[import-not-found]

require_backend()
import keras  # noqa: E402


@pytest.fixture(scope="module", params=sorted(BUILDS))
def original(request: pytest.FixtureRequest) -> keras.Model:
    return shaken(BUILDS[request.param]())


@pytest.mark.slow
def test_a_description_survives_the_way_through_keras(original: keras.Model) -> None:
    network = from_keras(original)
    again = from_keras(to_keras(network))
    assert again.description() == network.description()
    weights = again.weight_arrays()
    assert list(weights) == list(network.weight_arrays())
    assert all(np.array_equal(weights[name], array) for name, array in network.weight_arrays().items())


@pytest.mark.slow
def test_the_model_computes_what_the_described_one_computes(original: keras.Model) -> None:
    inputs = np.random.default_rng(1).random((3, *original.input_shape[1:]), np.float32)
    assert np.array_equal(to_keras(from_keras(original))(inputs), original(inputs))


def test_only_the_softmax_is_in_float32_where_the_session_is_not() -> None:
    network = from_keras(KERAS_MODELS["cnn"]((12, 12, 1), 3))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        policies = [layer.dtype_policy.name for layer in to_keras(network).layers]
    finally:
        keras.config.set_dtype_policy(before)
    assert policies == [*["mixed_bfloat16"] * 6, "float32"]


def test_images_stay_channels_last_where_the_user_prefers_channels_first() -> None:
    network = from_keras(KERAS_MODELS["cnn"]((12, 14, 3), 3))
    keras.config.set_image_data_format("channels_first")
    try:
        again = from_keras(to_keras(network))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert again.description() == network.description()


def test_a_layer_of_another_kind_is_named() -> None:
    odd = Layer("spread", "UpSampling2D", {}, (4, 4, 1), (8, 8, 1))
    with pytest.raises(ConfigError, match="'spread' is of the kind UpSampling2D.*Conv2D"):
        to_keras(Network("odd", (4, 4, 1), (odd,)))


def test_an_activation_that_is_code_is_named_with_its_layer() -> None:
    network = from_keras(KERAS_MODELS["logistic"]((4, 4, 1), 2))
    *others, last = network.layers
    odd = replace(last, settings={**last.settings, "activation": "function"})
    with pytest.raises(ConfigError, match="'dense' has the activation 'function'"):
        to_keras(replace(network, layers=(*others, odd)))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_is_keras_own_and_keeps_its_name(name: str) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=name)])
    network = from_keras(model)
    assert network.layers[0].settings["activation"] == name
    assert from_keras(to_keras(network)).description() == network.description()


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(DEFAULT_NAMES))
def test_default_names_are_those_that_keras_gives(kind: str) -> None:
    required = {"Conv2D": {"filters": 2, "kernel_size": 3}, "Dense": {"units": 2}, "Dropout": {"rate": 0.5}}
    keras.utils.clear_session()  # Keras counts through a whole session
    layers = [getattr(keras.layers, kind)(**required.get(kind, {})) for _ in range(3)]
    assert default_names([kind] * 3) == [layer.name for layer in layers]
