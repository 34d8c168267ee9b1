"""The way back in NumPy against TensorFlow's gradient tape, for every kind of layer."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.models.backward import PULL_BACK, is_known, logit_slopes
from convscope.models.forward import ACTIVATIONS, COMPUTE
from convscope.models.network import Layer, Network, from_keras
from convscope.models.slopes import SLOPES

require_backend()
import keras  # noqa: E402
from keras import layers  # noqa: E402

from .test_forward import CHAINS, build  # type: ignore[import-not-found]  # noqa: E402

CLASSES = (3, 0)
FLAT = [layers.Flatten(), layers.Dense(9, activation="softplus"), layers.Dense(8), layers.Softmax(), layers.Dense(7)]


def of_tensorflow(model: keras.Model, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The model's own outputs and their gradients: (classes, n, h, w, c)."""
    import tensorflow as tf

    given = tf.constant(inputs)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        outputs = model(given, training=False)
        chosen = [outputs[:, each] for each in CLASSES]
    return np.stack([tape.gradient(each, given).numpy() for each in chosen]), outputs.numpy()


@pytest.mark.parametrize("name", [*CHAINS, "flat"])
def test_the_slopes_are_those_of_tensorflows_tape(name: str) -> None:
    whole = build(FLAT if name == "flat" else CHAINS[name])
    model = keras.Sequential([keras.Input((13, 17, 2)), *whole.layers[:-1]])  # what is behind the softmax are the logits
    generator = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()])
    inputs = generator.normal(size=(3, 13, 17, 2)).astype(np.float32)
    network = from_keras(model)
    assert is_known(network)
    slopes, logits = logit_slopes(network, inputs, CLASSES)
    expected, outputs = of_tensorflow(model, inputs)
    assert slopes.dtype == np.float32
    assert np.allclose(logits, outputs, atol=2e-5)
    assert np.allclose(slopes, expected, atol=1e-5 + 2e-5 * np.abs(expected).max())


def test_every_layer_and_activation_of_the_way_there_has_a_way_back() -> None:
    assert PULL_BACK.keys() == COMPUTE.keys()
    assert SLOPES.keys() | {"linear", "softmax"} == ACTIVATIONS.keys()


def test_of_equal_pixels_the_first_takes_the_slope() -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(2)])
    slopes, _ = logit_slopes(from_keras(model), np.ones((1, 4, 4, 1), np.float32), (1,))
    assert np.argwhere(slopes[0, 0, ..., 0]).tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


@pytest.mark.parametrize(("kind", "activation"), [("Attention", "linear"), ("Dense", "mish")])
def test_what_is_not_known_is_named(kind: str, activation: str) -> None:
    layer = Layer("odd", kind, {"activation": activation}, (4, 4, 1), (4, 4, 1))
    network = Network("odd", (4, 4, 1), (layer,))
    assert not is_known(network)
    with pytest.raises(ConfigError, match=f"layer 'odd' is a {kind} with the activation '{activation}'"):
        logit_slopes(network, np.zeros((1, 4, 4, 1), np.float32), (0,))
