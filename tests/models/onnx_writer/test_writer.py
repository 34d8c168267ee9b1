"""Networks written as ONNX compute what Keras computes, also with other weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from scipy.special import softmax

from convscope.errors import ConfigError, RunError
from convscope.models.backend import require_backend
from convscope.models.network import from_keras
from convscope.models.onnx_writer.protobuf import integer, varint
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor

require_backend()
import keras  # noqa: E402
from keras import layers  # noqa: E402

ODD = (13, 17, 3)
CHAINS: dict[str, list[Any]] = {
    "valid": [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(5, (2, 3)), layers.Flatten()],
    "same": [layers.Conv2D(4, (2, 4), padding="same"), layers.MaxPooling2D(3, strides=2, padding="same"),
             layers.Conv2D(3, 4, strides=(2, 3), padding="same", activation="tanh"), layers.Flatten()],
    "dilation": [layers.Conv2D(4, 3, dilation_rate=2), layers.Conv2D(2, 3, dilation_rate=(1, 3), padding="same"),
                 layers.AveragePooling2D(3, strides=2, padding="same"), layers.Flatten()],
    "groups": [layers.Conv2D(6, 3, groups=3, activation="elu"), layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
               layers.DepthwiseConv2D((2, 3), strides=2, use_bias=False, activation="sigmoid"), layers.GlobalMaxPooling2D()],
    "normalised": [layers.Rescaling([2.0, 1.0, 0.5], offset=[-1.0, 0.0, 0.5]), layers.Conv2D(6, 3, use_bias=False),
                   layers.BatchNormalization(scale=False), layers.Activation("relu"), layers.Dropout(0.5),
                   layers.GlobalAveragePooling2D(), layers.BatchNormalization(epsilon=0.1), layers.Dense(4, activation="selu")],
    "padding": [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(3, 3), layers.ReLU(max_value=0.1, negative_slope=0.2),
                layers.ZeroPadding2D(1), layers.LeakyReLU(0.05), layers.ELU(0.6), layers.Flatten()],
    "dense in place": [layers.Conv2D(4, 3), layers.Dense(3, activation="softmax"), layers.Reshape((15, 11, 3)),
                       layers.MaxPooling2D(3), layers.Activation("softplus"), layers.Softmax(), layers.Flatten()],
    "logistic": [layers.Flatten()],
}  # fmt: skip


def build(name: str) -> keras.Model:
    keras.utils.set_random_seed(3)
    clones = [type(part).from_config(part.get_config()) for part in CHAINS[name]]
    model = keras.Sequential([keras.Input(ODD), *clones, layers.Dense(5, activation="softmax")])
    generator = np.random.default_rng(4)
    model.set_weights(
        [np.abs(generator.normal(0.1, 0.2, array.shape)) + 0.01 * (array.ndim == 1) for array in model.get_weights()]
    )
    return model


def some_images(number: int = 7) -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).integers(0, 256, (number, *ODD), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_features_and_logits_are_those_of_keras(name: str) -> None:
    model, images = build(name), some_images()
    features, logits = Predictor(onnx_bytes(from_keras(model))).features_and_logits(images)
    inputs = (images / 255).astype(np.float32)
    hidden = keras.Model(model.inputs[0], model.layers[-1].input)(inputs)
    assert np.allclose(features, hidden, atol=1e-5)
    assert np.allclose(softmax(logits, axis=1), model(inputs), atol=1e-5)


def test_other_weights_take_the_place_of_the_networks_own() -> None:
    model, images = build("valid"), some_images()
    network = from_keras(model)
    halved = {name: array / 2 for name, array in network.weight_arrays().items()}
    model.set_weights([array / 2 for array in model.get_weights()])
    found = softmax(Predictor(onnx_bytes(network, halved)).logits(images), axis=1)
    assert np.allclose(found, model((images / 255).astype(np.float32)), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_the_bytes_are_a_valid_onnx_model(name: str) -> None:
    model = onnx.load_from_string(onnx_bytes(from_keras(build(name))))
    onnx.checker.check_model(model, full_check=True)
    assert [output.name for output in model.graph.output] == ["logits", "probabilities", "features"]


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_nodes_and_weights_are_named_after_layers(name: str) -> None:
    network = from_keras(build(name))
    graph = onnx.load_from_string(onnx_bytes(network)).graph
    names = [node.name for node in graph.node]
    assert len(set(names)) == len(names)
    assert f"{network.layers[-1].name}/MatMul" in names
    assert {each.rpartition("/")[0] for each in names} <= {"", *(layer.name for layer in network.layers)}
    weights = {f"{layer.name}/{weight}" for layer in network.layers for weight in layer.weights}
    stored = {tensor.name for tensor in graph.initializer}
    assert {each for each in weights if each.endswith(("/kernel", "/bias", "/gamma", "/moving_mean"))} <= stored


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([layers.Flatten(), layers.LayerNormalization(), layers.Dense(5, activation="softmax")], "LayerNormalization"),
        (
            [layers.Conv2D(2, 3, activation="mish"), layers.Flatten(), layers.Dense(5, activation="softmax")],
            "'mish'",
        ),
        ([layers.Flatten(), layers.Dense(5)], "softmax.*a Dense"),
    ],
)
def test_what_is_not_known_is_refused_by_name(parts: list[Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        onnx_bytes(from_keras(keras.Sequential([keras.Input(ODD), *parts])))


def test_batches_come_back_in_order_and_do_not_depend_on_their_size() -> None:
    predictor, images = Predictor(onnx_bytes(from_keras(build("valid")))), some_images(300)
    one_by_one = np.concatenate([predictor.logits(images[place : place + 1]) for place in range(300)])
    assert np.allclose(predictor.logits(images), one_by_one, atol=1e-5)


def test_a_model_that_cannot_be_opened_is_refused() -> None:
    with pytest.raises(RunError, match="model in memory"):
        Predictor(b"nonsense")


def test_whole_numbers_are_written_as_protocol_buffers_have_them() -> None:
    """Examples from the documentation of the encoding."""
    assert integer(1, 150) == bytes([0x08, 0x96, 0x01])
    assert varint(-2) == bytes([0xFE, *[0xFF] * 8, 0x01])
