"""Networks described in the words of Keras' layers, without Keras.

The classes take Keras' arguments with Keras' defaults, and :func:`sequential` describes the same network as
:func:`convscope.models.network.from_keras` would::

    sequential("small", (28, 28, 1), [Conv2D(8, (3, 3), activation="relu"), Flatten(), Dense(10, activation="softmax")])
"""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

import numpy as np

from ..errors import ConfigError
from .keras_model import default_names, layer_arguments
from .network import SETTINGS, Layer, Network, Shape, with_initial_weights

Pair = tuple[int, int]
IMAGE_DIMENSIONS = 3


@dataclass(frozen=True)
class LayerSpec:
    """A layer that does not know its input yet."""

    _: KW_ONLY
    name: str | None = None
    """Keras numbers layers without a name: ``conv2d``, ``conv2d_1``…"""

    @property
    def kind(self) -> str:
        return type(self).__name__

    def settings(self) -> dict[str, Any]:
        """Return the settings as Keras' ``get_config`` has them, those that cannot be chosen here too."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "name"}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of the output for an input of ``shape``, both without the batch."""
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Return the shape of each weight for an input of ``shape``."""
        return {}


@dataclass(frozen=True)
class Conv2D(LayerSpec):
    """A convolution of images (h, w, c) with stride 1."""

    filters: int
    kernel_size: int | Pair
    _: KW_ONLY
    activation: str = "linear"
    padding: str = "valid"
    use_bias: bool = True

    def settings(self) -> dict[str, Any]:
        fixed = {"strides": [1, 1], "groups": 1, "dilation_rate": [1, 1]}
        return {**super().settings(), "kernel_size": _pair(self.kernel_size), **fixed}

    def output_shape(self, shape: Shape) -> Shape:
        lost = [0, 0] if self.padding == "same" else [side - 1 for side in _pair(self.kernel_size)]
        return (shape[0] - lost[0], shape[1] - lost[1], self.filters)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        bias: dict[str, Shape] = {"bias": (self.filters,)} if self.use_bias else {}
        return {"kernel": (*_pair(self.kernel_size), shape[-1], self.filters), **bias}


@dataclass(frozen=True)
class MaxPooling2D(LayerSpec):
    """The largest value of each window; windows do not overlap, and an incomplete one at the end is left out."""

    pool_size: int | Pair = (2, 2)

    def settings(self) -> dict[str, Any]:
        return {"pool_size": _pair(self.pool_size), "strides": _pair(self.pool_size), "padding": "valid"}

    def output_shape(self, shape: Shape) -> Shape:
        height, width = _pair(self.pool_size)
        return (shape[0] // height, shape[1] // width, shape[2])


@dataclass(frozen=True)
class Flatten(LayerSpec):
    """Images (h, w, c) as one row of values."""

    def output_shape(self, shape: Shape) -> Shape:
        return (int(np.prod(shape)),)


@dataclass(frozen=True)
class Dense(LayerSpec):
    """A weighted sum of all inputs for each of ``units`` outputs."""

    units: int
    _: KW_ONLY
    activation: str = "linear"
    use_bias: bool = True

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.units)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        bias: dict[str, Shape] = {"bias": (self.units,)} if self.use_bias else {}
        return {"kernel": (shape[-1], self.units), **bias}


@dataclass(frozen=True)
class BatchNormalization(LayerSpec):
    """Each channel with mean ``beta`` and standard deviation ``gamma``."""

    _: KW_ONLY
    momentum: float = 0.99
    epsilon: float = 1e-3

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "axis": -1, "scale": True}

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        return dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), shape[-1:])


@dataclass(frozen=True)
class ReLU(LayerSpec):
    """Zero in place of negative values."""

    def settings(self) -> dict[str, Any]:
        return {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}


@dataclass(frozen=True)
class Dropout(LayerSpec):
    """Zero in place of a random share ``rate`` of the values, in training only."""

    rate: float


def sequential(name: str, image_shape: Shape, layers: Sequence[LayerSpec]) -> Network:
    """Describe a chain of layers for images (h, w, c), with the initial weights of seed 0.

    A ConfigError names the layer that cannot take its input, or that has a setting out of range.
    """
    if not layers:
        raise ConfigError(f"the network {name!r} has no layers. Give it at least one.")
    unnamed = iter(default_names(layer.kind for layer in layers if layer.name is None))
    described: list[Layer] = []
    shape = tuple(image_shape)
    for layer in layers:
        described.append(_described(layer, layer.name or next(unnamed), shape))
        shape = described[-1].output_shape
    names = [layer.name for layer in described]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise ConfigError(f"two layers of {name!r} are called {twice!r}. Give each a name of its own, or none at all.")
    return with_initial_weights(Network(name, tuple(image_shape), tuple(described)), seed=0)


def _described(layer: LayerSpec, name: str, shape: Shape) -> Layer:
    settings = layer.settings()
    _check(name, settings, shape, is_for_images=isinstance(layer, (Conv2D, MaxPooling2D)))
    output_shape = layer.output_shape(shape)
    if min(output_shape) < 1:
        window = settings.get("kernel_size") or settings["pool_size"]
        raise ConfigError(
            f"the images are too small: layer {name!r} gets {shape[0]} × {shape[1]} pixels, fewer than its window of "
            f"{window[0]} × {window[1]}. Use larger images, fewer or smaller windows, or convolutions with padding 'same'."
        )
    weights = {each: np.zeros(size, np.float32) for each, size in layer.weight_shapes(shape).items()}
    ordered = {each: settings[each] for each in SETTINGS if each in settings}
    made = Layer(name, layer.kind, ordered, shape, output_shape, weights)
    layer_arguments(made)  # checks the activation
    return made


def _check(name: str, settings: Mapping[str, Any], shape: Shape, *, is_for_images: bool) -> None:
    if is_for_images and len(shape) != IMAGE_DIMENSIONS:
        raise ConfigError(
            f"layer {name!r} takes images (h, w, c), but gets {' × '.join(map(str, shape))} values. Put it before Flatten."
        )
    if settings.get("padding", "valid") not in ("valid", "same"):
        raise ConfigError(f"padding of layer {name!r} must be 'valid' or 'same'; got {settings['padding']!r}.")
    rate = settings.get("rate", 0)
    if not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise ConfigError(f"rate of layer {name!r} must be a number of at least 0 and under 1; got {rate!r}.")
    for each, count in {"filters": 1, "units": 1, "kernel_size": 2, "pool_size": 2}.items():
        sizes = settings.get(each, [1] * count)
        sizes = sizes if isinstance(sizes, list) else [sizes]
        if len(sizes) != count or not all(isinstance(size, int) and size >= 1 for size in sizes):
            accepted = "a whole number" if count == 1 else "one or two whole numbers"
            raise ConfigError(f"{each} of layer {name!r} must be {accepted} of at least 1; got {settings[each]!r}.")


def _pair(size: int | Pair) -> list[int]:
    return list(size) if isinstance(size, (list, tuple)) else [size, size]
