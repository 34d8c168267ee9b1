"""A network as data: its layers, their settings, shapes and weights, without Keras.

Tables, figures and the page read this and not ``keras.Model``, so that a run folder can be opened, drawn and explained
on a machine without a back-end, and so that opening one never runs code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import RunError

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]
Weights = npt.NDArray[np.float32]

SETTINGS = ("kernel_size", "pool_size", "strides", "padding", "activation", "units", "filters", "use_bias",
            "epsilon", "momentum", "scale", "offset", "rate", "groups", "dilation_rate", "axis",
            "max_value", "negative_slope", "threshold", "alpha", "mean", "variance", "invert")  # fmt: skip
"""Settings of Keras' layers that change what a layer computes or interest a reader."""

TRAINING_ONLY = ("ActivityRegularization", "Dropout", "GaussianDropout", "GaussianNoise", "RandomBrightness", "RandomContrast",
                 "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "SpatialDropout2D")  # fmt: skip
"""Kinds of layers that return their input outside training."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer; its shapes leave out the batch axis: (h, w, c) or (units,)."""

    name: str
    kind: str
    """Class name in Keras: ``"Conv2D"``, ``"Dense"``…"""
    settings: Mapping[str, Any]
    input_shape: Shape
    output_shape: Shape
    weights: Mapping[str, Weights] = field(default_factory=dict)
    """Weights in Keras' order, such as ``kernel`` (kh, kw, in, out) or (in, out), and ``bias`` (out,)."""

    @property
    def num_parameters(self) -> int:
        return sum(array.size for array in self.weights.values())

    @property
    def is_spatial(self) -> bool:
        """Whether the layer's output is a stack of feature maps."""
        return len(self.output_shape) == 3


@dataclass(frozen=True, eq=False)
class Network:
    """A chain of layers from the input to the class probabilities."""

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    def __getitem__(self, name: str) -> Layer:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @property
    def num_parameters(self) -> int:
        return sum(layer.num_parameters for layer in self.layers)

    def of_kind(self, *kinds: str) -> tuple[Layer, ...]:
        """Return the layers of these kinds, in order."""
        return tuple(layer for layer in self.layers if layer.kind in kinds)

    def description(self) -> dict[str, Any]:
        """Return everything but the weights, JSON-ready; :meth:`weight_arrays` has the rest."""
        layers = [
            {
                "name": layer.name,
                "kind": layer.kind,
                "settings": dict(layer.settings),
                "input_shape": list(layer.input_shape),
                "output_shape": list(layer.output_shape),
                "weights": list(layer.weights),
            }
            for layer in self.layers
        ]
        return {"name": self.name, "input_shape": list(self.input_shape), "layers": layers}

    def with_weights(self, weights: Mapping[str, Weights]) -> Network:
        """Return the network with other weights, by ``layer/weight``."""
        layers = (
            replace(layer, weights={name: weights[f"{layer.name}/{name}"] for name in layer.weights})
            for layer in self.layers
        )
        return replace(self, layers=tuple(layers))

    def weight_arrays(self) -> dict[str, Weights]:
        """Return every weight by ``layer/weight``."""
        return {f"{layer.name}/{name}": array for layer in self.layers for name, array in layer.weights.items()}


def from_keras(model: keras.Model) -> Network:
    """Describe a chain of Keras layers, with a copy of its weights in float32."""
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    return Network(model.name, tuple(model.input_shape[1:]), tuple(_layer_from_keras(layer) for layer in layers))


def from_description(description: Mapping[str, Any], arrays: Mapping[str, Weights]) -> Network:
    """Rebuild a network from :meth:`Network.description` and weights by ``layer/weight``.

    A RunError means that the two do not fit together.
    """
    try:
        layers = [
            Layer(
                entry["name"],
                entry["kind"],
                dict(entry["settings"]),
                tuple(entry["input_shape"]),
                tuple(entry["output_shape"]),
                {name: arrays[f"{entry['name']}/{name}"] for name in entry["weights"]},
            )
            for entry in description["layers"]
        ]
        return Network(description["name"], tuple(description["input_shape"]), tuple(layers))
    except (KeyError, TypeError) as error:
        raise RunError(
            f"the description of the network does not fit its weights ({error!r}). Copy the run folder again, or train again."
        ) from error


def _layer_from_keras(layer: keras.Layer) -> Layer:
    config = layer.get_config()
    settings = {name: _plain(config[name]) for name in SETTINGS if name in config}
    weights = {
        weight.path.rsplit("/", 1)[-1]: np.asarray(weight, np.float32)
        for weight in layer.weights
        if "seed_generator" not in weight.path
    }
    return Layer(layer.name, type(layer).__name__, settings, _shape(layer.input.shape), _shape(layer.output.shape), weights)


def _shape(shape: Sequence[int | None]) -> Shape:
    return tuple(int(size) for size in shape[1:] if size is not None)


def _plain(value: Any) -> Any:
    """Return a setting as JSON has it; an activation that is an object becomes its class name."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return str(value.get("class_name", value)).lower()
    return value
