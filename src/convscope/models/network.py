"""A network as data: its layers, what each of them reads, their settings, shapes and weights, without Keras.

Tables, figures and the page read this and not ``keras.Model``, so that a run folder can be opened, drawn and explained
on a machine without a back-end, and so that opening one never runs code.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, count
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, RunError

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


IMAGE = ""
"""The image in place of a layer's name."""
OPERATIONS = {"Add": "Add", "Multiply": "Multiply", "Relu": "ReLU", "Subtract": "Subtract"}
"""Functions of ``keras.ops`` that compute what a layer computes, if they read layers only; by the names of their classes."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer; its shapes leave out the batch axis: (h, w, c) or (units,)."""

    name: str
    kind: str
    """Class name in Keras: ``"Conv2D"``, ``"Dense"``…"""
    settings: Mapping[str, Any]
    input_shape: Shape
    """Of the first input, if there are several."""
    output_shape: Shape
    weights: Mapping[str, Weights] = field(default_factory=dict)
    """Weights in Keras' order, such as ``kernel`` (kh, kw, in, out) or (in, out), and ``bias`` (out,)."""
    inputs: tuple[str, ...] = ()
    """Where branches part or join: the layers that it reads, :data:`IMAGE` for the image. Empty for the layer before it."""

    @property
    def num_parameters(self) -> int:
        return sum(array.size for array in self.weights.values())

    @property
    def is_spatial(self) -> bool:
        """Whether the layer's output is a stack of feature maps."""
        return len(self.output_shape) == 3


@dataclass(frozen=True, eq=False)
class Network:
    """The layers from the input to the class probabilities: a chain, unless some say which others they read.

    A layer comes after all that it reads, and the last one reads the one before it.
    """

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def is_chain(self) -> bool:
        return not any(layer.inputs for layer in self.layers)

    def inputs_of(self, number: int) -> tuple[str, ...]:
        """Return the names of what the layer at ``number`` reads."""
        return self.layers[number].inputs or (self.layers[number - 1].name if number else IMAGE,)

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
                **({"inputs": list(layer.inputs)} if layer.inputs else {}),
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
    """Describe a built ``Sequential`` or functional model, with a copy of its weights in float32.

    A layer that is applied several times is described each time, with its weights the first time only.
    """
    layers: list[Layer] = []
    names, times = {id(model.inputs[0]): IMAGE}, Counter[str]()
    for node in nodes(model):
        name = node.operation.name
        layer = _described(node, f"{name}_again_{times[name]}" if times[name] else name, is_first=not times[name])
        times[name] += 1
        inputs = tuple(names[id(tensor)] for tensor in node.input_tensors)
        before = layers[-1].name if layers else IMAGE
        layers.append(layer if inputs == (before,) else replace(layer, inputs=inputs))
        names |= dict.fromkeys(map(id, node.outputs), layer.name)
    return Network(model.name, tuple(model.input_shape[1:]), tuple(layers))


def nodes(model: keras.Model) -> list[Any]:
    """Return each application of a layer, or of a function of ``keras.ops``, in a built model, in order of computation."""
    # Keras has no public name for them that knows functions and layers that are applied twice.
    by_depth = getattr(model, "_functional", model)._nodes_by_depth  # noqa: SLF001
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth] if not node.is_input]


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
                tuple(entry.get("inputs", ())),
            )
            for entry in description["layers"]
        ]
        return Network(description["name"], tuple(description["input_shape"]), tuple(layers))
    except (KeyError, TypeError) as error:
        raise RunError(
            f"the description of the network does not fit its weights ({error!r}). Copy the run folder again, or train again."
        ) from error


def _described(node: Any, name: str, *, is_first: bool) -> Layer:
    kind, weights, config = _kind(node), _weights(node.operation), {}
    if kind == type(node.operation).__name__ and hasattr(node.operation, "weights"):
        with contextlib.suppress(Exception):  # what holds code or a user's own layer may not know its settings
            config = node.operation.get_config()
    if weights and not is_first:
        kind, weights = f"{kind} (applied again)", {}
    settings = {setting: _plain(config[setting]) for setting in SETTINGS if setting in config}
    if settings.get("activation"):
        settings["activation"] = _activation(node.operation, config["activation"])
    shapes = [_shape(tensor.shape) for tensor in (node.input_tensors[0], node.outputs[0])]
    return Layer(name, kind, settings, shapes[0], shapes[1], weights)


def _weights(operation: Any) -> dict[str, Weights]:
    weights: dict[str, Weights] = {}
    for weight in getattr(operation, "weights", ()):
        name = weight.path.rsplit("/", 1)[-1]
        # The layers within a layer have weights of the same names.
        key = next(key for key in chain([name], (f"{name}_{number}" for number in count(1))) if key not in weights)
        if "seed_generator" not in weight.path:
            weights[key] = np.asarray(weight, np.float32)
    return weights


def _kind(node: Any) -> str:
    """Return the class of a layer as Keras calls it, and something else for what is no layer of Keras' own."""
    operation = node.operation
    kind = type(operation).__name__
    if not type(operation).__module__.startswith("keras."):
        return f"{kind} (own class)"
    if hasattr(operation, "weights"):
        return kind
    reads_layers_only = len(node.arguments.args) + len(node.arguments.kwargs) == len(node.input_tensors)
    return OPERATIONS[kind] if kind in OPERATIONS and reads_layers_only else f"keras.ops.{kind}"


def _shape(shape: Sequence[int | None]) -> Shape:
    return tuple(int(size) for size in shape[1:] if size is not None)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _activation(operation: Any, setting: Any) -> str:
    """Return Keras' name of an activation function, and something else for one that is the user's or has settings."""
    import keras

    if isinstance(setting, str):  # Keras gives its own name to any function that is called so
        return setting if operation.activation is keras.activations.get(setting) else f"{setting} (own function)"
    kind, config = setting["class_name"], setting["config"]
    if not isinstance(config, dict):
        return f"{config} (own function)"
    has_settings = any(value for name, value in config.items() if name not in ("name", "dtype", "trainable"))
    return str(kind) if has_settings else str(kind).lower()


CONSTANTS = {"bias": 0.0, "beta": 0.0, "gamma": 1.0, "moving_mean": 0.0, "moving_variance": 1.0}


def with_initial_weights(network: Network, seed: int) -> Network:
    """Return ``network`` with the weights that a training with ``seed`` starts from.

    Kernels are drawn from Glorot and Bengio's uniform distribution (2010), the rest is 0 or 1. The generator is NumPy's PCG64,
    seeded anew for each layer by ``[seed, index]``: kernels do not depend on what other layers there are. A ConfigError names
    a layer with weights of another kind.
    """
    layers = [replace(layer, weights=_drawn(layer, [seed, index])) for index, layer in enumerate(network.layers)]
    return replace(network, layers=tuple(layers))


def _drawn(layer: Layer, seed: list[int]) -> dict[str, Weights]:
    weights = {}
    for name, array in layer.weights.items():
        if name == "kernel" and layer.kind in ("Conv2D", "Dense"):
            weights[name] = _glorot_uniform(array.shape, np.random.Generator(np.random.PCG64(seed)))
        elif name in CONSTANTS:
            weights[name] = np.full(array.shape, CONSTANTS[name], np.float32)
        else:
            raise ConfigError(
                f"layer {layer.name!r}, of the kind {layer.kind}, has weights {name!r} without known initial values."
            )
    return weights


def _glorot_uniform(shape: Shape, generator: np.random.Generator) -> Weights:
    """Draw from -limit to limit, where limit² is 6 / (inputs + outputs), each counted once per position of the window."""
    inputs, outputs = prod(shape[:-1]), prod(shape[:-2]) * shape[-1]
    limit = np.float32((6 / (inputs + outputs)) ** 0.5)
    return limit * (2 * generator.random(shape, np.float32) - 1)
