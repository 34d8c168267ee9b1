"""From the description of a network to a ``keras.Model``, for those who ask for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..formatting import join_words
from .backend import require_backend
from .network import Layer, Network

if TYPE_CHECKING:
    import keras

DEFAULT_NAMES = {
    "BatchNormalization": "batch_normalization",
    "Conv2D": "conv2d",
    "Dense": "dense",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "MaxPooling2D": "max_pooling2d",
    "ReLU": "re_lu",
}
"""The kinds of layers that can be made from their description, and what Keras calls the first of each."""
ACTIVATIONS = frozenset(
    {"elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6",
     "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh"}
)  # fmt: skip
"""Keras' activation functions. Others, such as a user's own, are code, which a description does not hold."""


def to_keras(network: Network, *, synchronized: bool = False) -> keras.Model:
    """Return a ``keras.Sequential`` with the layers' names, settings and weights.

    The layers compute in the precision of Keras' session, a softmax always in float32. With ``synchronized``, devices that
    share a batch normalise by the whole of it. A ConfigError means that a layer is not among :data:`DEFAULT_NAMES`.
    """
    arguments = [layer_arguments(layer) for layer in network.layers]
    if synchronized:
        for layer, given in zip(network.layers, arguments, strict=True):
            given |= {"synchronized": True} if layer.kind == "BatchNormalization" else {}
    require_backend()
    import keras

    layers = [getattr(keras.layers, layer.kind)(**given) for layer, given in zip(network.layers, arguments, strict=True)]
    model = keras.Sequential([keras.Input(network.input_shape), *layers], name=network.name)
    for layer, described in zip(layers, network.layers, strict=True):
        layer.set_weights(list(described.weights.values()))
    return model


def layer_arguments(layer: Layer) -> dict[str, Any]:
    """Return what makes the layer when it is passed to its class in Keras; a ConfigError names a layer that cannot be made."""
    if layer.kind not in DEFAULT_NAMES:
        raise ConfigError(
            f"layer {layer.name!r} is of the kind {layer.kind}, which cannot be made from its description. Use only "
            f"{join_words(sorted(DEFAULT_NAMES), 'or')}."
        )
    activation = layer.settings.get("activation", "linear")
    if activation not in ACTIVATIONS:
        raise ConfigError(
            f"layer {layer.name!r} has the activation {activation!r}, which cannot be made from its description. Use one of "
            f"{join_words(sorted(ACTIVATIONS), 'or')}."
        )
    arguments = {"name": layer.name, **layer.settings}
    if layer.kind in ("Conv2D", "Flatten", "MaxPooling2D"):
        arguments["data_format"] = "channels_last"  # a user's keras.json may have another default
    if layer.kind == "BatchNormalization":
        arguments["center"] = "beta" in layer.weights  # not among the settings
    if activation == "softmax":
        arguments["dtype"] = "float32"  # in bfloat16 it has two decimal digits
    return arguments


def default_names(kinds: Iterable[str]) -> list[str]:
    """Name layers as Keras does in a fresh session, such as ``conv2d``, ``conv2d_1`` and ``dense``."""
    counts: Counter[str] = Counter()
    names = []
    for kind in kinds:
        number = counts[kind]
        names.append(f"{DEFAULT_NAMES[kind]}_{number}" if number else DEFAULT_NAMES[kind])
        counts[kind] += 1
    return names
