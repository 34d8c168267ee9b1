"""Any Keras classifier as a functional model that ends in a dense softmax, with the same layers and the same weights.

A functional model knows which layer reads what. A subclass of ``keras.Model`` only has a method that computes: that method is
followed once, with symbols in place of images.
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError, reason_of
from ..formatting import count_of
from .network import nodes

if TYPE_CHECKING:
    import keras

ImageShape = tuple[int, int, int]
OTHERWISE = "Compute with keras.layers and keras.ops only, or build the network with keras.Input and keras.Model."


def functional_form(word: str, model: keras.Model, image_shape: ImageShape) -> keras.Model:
    """Return ``model`` with known layers, from one input to one output; a ``Sequential`` is built for images (h, w, c).

    A ConfigError, which names the model by ``word``, says what cannot be followed.
    """
    import keras

    if isinstance(model, keras.Sequential):
        if not model.built:
            model.build((None, *image_shape))
        return model
    if getattr(model, "inputs", None) is None:
        model = _followed(word, model, image_shape)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ConfigError(
            f"the network of {word!r} has {count_of(len(model.inputs), 'input')} and {count_of(len(model.outputs), 'output')}; one "
            "of each is accepted. Build it from an image to the probabilities of its class."
        )
    if not isinstance(model.output, keras.KerasTensor) or not isinstance(model.input, keras.KerasTensor):
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)  # they were in a list or a dictionary
    return model


def without_nesting(model: keras.Model) -> keras.Model:
    """Return ``model`` with the layers of the models in it in place of these, or ``model`` itself if there are none."""
    import keras

    if not any(map(_is_nested, nodes(model))):
        return model
    names: dict[str, Any] = {}
    images = keras.Input(model.input_shape[1:])
    return keras.Model(images, _replay(model, images, names), name=model.name)


def _is_nested(node: Any) -> bool:
    # A model that is told that it is never in training, such as a frozen one, stays as it is.
    inner, told = node.operation, [value for value in node.arguments.kwargs.values() if value is not None]
    is_graph = hasattr(inner, "_nodes_by_depth") or getattr(inner, "_functional", None) is not None
    return is_graph and len(inner.inputs) == len(inner.outputs) == 1 and not told


def _replay(model: keras.Model, images: Any, names: dict[str, Any]) -> Any:
    """Apply the layers of ``model`` to a symbol; ``names`` collects them, so that each gets a name of its own."""
    import keras

    values = {id(model.inputs[0]): images}
    for node in nodes(model):
        arguments, settings = node.arguments.fill_in(values)
        if _is_nested(node):
            result = _replay(node.operation, arguments[0], names)
        else:
            layer = node.operation
            while names.setdefault(layer.name, layer) is not layer:
                layer.name += "_inner"
            result = layer(*arguments, **settings)
        values |= {id(old): new for old, new in zip(node.outputs, keras.tree.flatten(result), strict=True)}
    return values[id(model.outputs[0])]


def _followed(word: str, model: keras.Model, image_shape: ImageShape) -> keras.Model:
    images = np.random.default_rng(0).random((2, *image_shape), np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of layers that the class has and does not use
            expected = np.asarray(model(images, training=False))  # also creates the weights
        followed, in_training = (_follow(model, image_shape, training) for training in (None, True))
        computed = np.asarray(followed(images, training=False))
    except Exception as error:  # a user's program may raise anything
        raise ConfigError(
            f"the call() of {word!r}, a subclass of keras.Model, cannot be followed from layer to layer ({reason_of(error)}). "
            f"{OTHERWISE}"
        ) from error
    known = {id(weight) for weight in followed.weights}
    lost = next((weight.path for weight in model.weights if id(weight) not in known), None)
    if lost is not None:
        raise ConfigError(
            f"the call() of {word!r} uses the weight {lost!r} in no layer, so it would not be trained. {OTHERWISE}"
        )
    kinds, kinds_in_training = ([type(node.operation) for node in nodes(each)] for each in (followed, in_training))
    if kinds != kinds_in_training or not np.allclose(computed, expected, atol=1e-4, equal_nan=True):
        raise ConfigError(
            f"the call() of {word!r} decides by itself what to compute, such as in training only. Leave that to layers that know, "
            "such as Dropout."
        )
    return followed


def _follow(model: keras.Model, image_shape: ImageShape, training: bool | None) -> keras.Model:
    import keras

    images = keras.Input(image_shape)
    asked = {"training": training} if "training" in inspect.signature(model.call).parameters else {}
    return keras.Model(images, model.call(images, **asked), name=model.name)


def ending_in_softmax(model: keras.Model) -> keras.Model:
    """Return a model whose last layer is dense with a softmax for one that ends in logits, or in a softmax of its own."""
    import keras

    before, last = [None, *nodes(model)][-2:]
    kind = type(last.operation)
    separate = (kind is keras.layers.Activation and last.operation.get_config()["activation"] == "softmax") or (
        kind.__module__.startswith("keras.") and kind.__name__ == "Softmax" and last.operation.axis in (-1, 1)
    )
    node = before if separate and before else last
    dense = node.operation
    is_dense = type(dense) is keras.layers.Dense and dense.units > 1
    is_plain = is_dense and (
        isinstance(dense.activation, keras.layers.Softmax) or dense.activation is keras.activations.linear
    )
    if not is_plain or len(node.outputs[0].shape) != 2:
        return model
    ending = keras.layers.Dense.from_config({**dense.get_config(), "activation": "softmax", "dtype": "float32"})
    joined = keras.Model(model.inputs[0], ending(node.input_tensors[0]), name=model.name)
    ending.set_weights(dense.get_weights())
    return joined
