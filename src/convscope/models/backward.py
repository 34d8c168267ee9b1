"""The way back through a network in NumPy: how its logits answer to every pixel, on a machine without a back-end.

The counterpart of :mod:`convscope.models.forward`, for the same kinds of layers; checked against TensorFlow. Sums come layer by
layer, by the chain rule. As in TensorFlow, of equal pixels in a window of max pooling the first one takes the whole slope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..errors import ConfigError
from ..types import Inputs
from .forward import ACTIVATIONS, COMPUTE, TRAINING_ONLY, Array, softmax
from .network import Layer, Network
from .receptive_field import padding_before, window
from .slopes import elu_slope, leaky_slope, pull_back_activation, pull_back_softmax, rectifier_slope

Windows = tuple[slice, slice]


def logit_slopes(network: Network, inputs: Inputs, classes: Sequence[int]) -> tuple[Array, Array]:
    """The gradient of the logit of each of ``classes`` by the pixels of ``inputs`` (n, h, w, c) in 0..1, and the logits: (classes,
    n, h, w, c) and (n, k), float32. Logits are what goes into the last layer's activation function.

    Raises :class:`ConfigError` for a layer or an activation that is not known here.
    """
    passed = list(_forward(network, inputs))
    logits = passed[-1][2]
    found = []
    for each in classes:
        slopes: Array = np.zeros_like(logits)
        slopes[:, each] = 1
        for layer, given, before in reversed(passed):
            if layer is not network.layers[-1]:
                slopes = pull_back_activation(layer, slopes, before)
            slopes = PULL_BACK[layer.kind](layer, slopes, given).astype(np.float32, copy=False)
        found.append(slopes)
    return np.stack(found) if found else np.empty((0, *inputs.shape), np.float32), logits


def is_known(network: Network) -> bool:
    """Whether there is a way back through all of its layers."""
    return all(
        layer.kind in PULL_BACK and (layer.settings.get("activation") or "linear") in ACTIVATIONS for layer in network.layers
    )


def _forward(network: Network, inputs: Inputs) -> Iterator[tuple[Layer, Array, Array]]:
    """Each layer with what it is given and what goes into its activation function."""
    current: Array = inputs.astype(np.float32, copy=False)
    for layer in network.layers:
        activation = layer.settings.get("activation") or "linear"
        if layer.kind not in PULL_BACK or activation not in ACTIVATIONS:
            raise ConfigError(
                f"layer {layer.name!r} is a {layer.kind} with the activation {activation!r}; the way back through it is not "
                f"known here. Known kinds: {', '.join(sorted(PULL_BACK))}."
            )
        before = COMPUTE[layer.kind](layer, current).astype(np.float32, copy=False)
        yield layer, current, before
        current = ACTIVATIONS[activation](before).astype(np.float32, copy=False)


def _conv2d(layer: Layer, slopes: Array, inputs: Array) -> Array:
    kernel = layer.weights["kernel"]
    groups = int(layer.settings.get("groups") or 1)
    padded = _padded(layer, np.float32(0), inputs)
    for (row, column), (rows, columns) in _taps(layer):
        parts = zip(np.split(slopes, groups, axis=-1), np.split(kernel[row, column], groups, axis=-1), strict=True)
        padded[:, rows, columns] += np.concatenate([part @ weights.T for part, weights in parts], axis=-1)
    return _inside(layer, padded)


def _depthwise_conv2d(layer: Layer, slopes: Array, inputs: Array) -> Array:
    kernel = layer.weights["kernel"]
    per_channel = slopes.reshape(*slopes.shape[:3], *kernel.shape[2:])
    padded = _padded(layer, np.float32(0), inputs)
    for (row, column), (rows, columns) in _taps(layer):
        padded[:, rows, columns] += (per_channel * kernel[row, column]).sum(axis=-1)
    return _inside(layer, padded)


def _max_pool(layer: Layer, slopes: Array, inputs: Array) -> Array:
    values = _padded(layer, np.float32(-np.inf), inputs)
    _inside(layer, values)[:] = inputs
    best = np.full_like(slopes, -np.inf)
    winner = np.full(slopes.shape, -1, np.int32)
    taps = list(_taps(layer))
    for number, (_, (rows, columns)) in enumerate(taps):
        better = values[:, rows, columns] > best
        winner[better] = number
        best = np.where(better, values[:, rows, columns], best)
    padded = np.zeros_like(values)
    for number, (_, (rows, columns)) in enumerate(taps):
        padded[:, rows, columns] += slopes * (winner == number)
    return _inside(layer, padded)


def _average_pool(layer: Layer, slopes: Array, inputs: Array) -> Array:
    # The mean is over the pixels of the picture in the window, not over the padding.
    ones = _padded(layer, np.float32(0), inputs[:1, :, :, :1])
    _inside(layer, ones)[:] = 1
    share = slopes / sum(ones[:, rows, columns] for _, (rows, columns) in _taps(layer))
    padded = _padded(layer, np.float32(0), inputs)
    for _, (rows, columns) in _taps(layer):
        padded[:, rows, columns] += share
    return _inside(layer, padded)


def _global_average_pool(layer: Layer, slopes: Array, inputs: Array) -> Array:
    spread = slopes.reshape(len(inputs), 1, 1, -1) / (inputs.shape[1] * inputs.shape[2])
    return np.broadcast_to(spread, inputs.shape)


def _global_max_pool(layer: Layer, slopes: Array, inputs: Array) -> Array:
    flat = inputs.reshape(len(inputs), -1, inputs.shape[3])
    found = np.zeros_like(flat)
    np.put_along_axis(found, flat.argmax(axis=1)[:, None], slopes.reshape(len(inputs), 1, -1), axis=1)
    return found.reshape(inputs.shape)


def _batch_normalization(layer: Layer, slopes: Array, inputs: Array) -> Array:
    weights = layer.weights
    return np.asarray(
        slopes * weights.get("gamma", np.float32(1)) / np.sqrt(weights["moving_variance"] + layer.settings["epsilon"])
    )


def _zero_padding(layer: Layer, slopes: Array, inputs: Array) -> Array:
    (top, _), (left, _) = layer.settings["padding"]
    return slopes[:, top : top + inputs.shape[1], left : left + inputs.shape[2]]


def _taps(layer: Layer) -> Iterator[tuple[tuple[int, int], Windows]]:
    """Each place in the window, in row order, and which rows and columns of the padded input lie under it, over all windows."""
    dilation = layer.settings.get("dilation_rate") or (1, 1)
    sizes, lines = [], []
    for axis in (0, 1):
        (extent, stride), step = window(layer, axis), int(dilation[axis])
        last = (layer.output_shape[axis] - 1) * stride + 1
        sizes.append((extent - 1) // step + 1)
        lines.append([slice(place * step, place * step + last, stride) for place in range(sizes[-1])])
    for row, column in np.ndindex(*sizes):
        yield (row, column), (lines[0][row], lines[1][column])


def _padded(layer: Layer, fill: np.float32, inputs: Array) -> Array:
    """Room for the input of a windowed layer with its padding around, full of ``fill``."""
    sides = []
    for axis in (0, 1):
        extent, stride = window(layer, axis)
        covered = (layer.output_shape[axis] - 1) * stride + extent
        sides.append(max(covered, padding_before(layer, axis) + inputs.shape[axis + 1]))
    return np.full((len(inputs), *sides, inputs.shape[3]), fill, np.float32)


def _inside(layer: Layer, padded: Array) -> Array:
    """A view of what is not padding."""
    top, left = (padding_before(layer, axis) for axis in (0, 1))
    height, width = layer.input_shape[:2]
    return padded[:, top : top + height, left : left + width]


PULL_BACK: dict[str, Callable[[Layer, Array, Array], Array]] = {
    "Activation": lambda layer, slopes, inputs: slopes,
    "AveragePooling2D": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _conv2d,
    "Dense": lambda layer, slopes, inputs: slopes @ layer.weights["kernel"].T,
    "DepthwiseConv2D": _depthwise_conv2d,
    "ELU": lambda layer, slopes, inputs: slopes * elu_slope(inputs, layer.settings.get("alpha", 1.0)),
    "Flatten": lambda layer, slopes, inputs: slopes.reshape(inputs.shape),
    "GlobalAveragePooling2D": _global_average_pool,
    "GlobalMaxPooling2D": _global_max_pool,
    "LeakyReLU": lambda layer, slopes, inputs: slopes * leaky_slope(inputs, layer.settings.get("negative_slope", 0.3)),
    "MaxPooling2D": _max_pool,
    "ReLU": lambda layer, slopes, inputs: slopes * rectifier_slope(layer, inputs),
    "Rescaling": lambda layer, slopes, inputs: slopes * np.float32(layer.settings["scale"]),
    "Reshape": lambda layer, slopes, inputs: slopes.reshape(inputs.shape),
    "Softmax": lambda layer, slopes, inputs: pull_back_softmax(slopes, softmax(inputs)),
    "ZeroPadding2D": _zero_padding,
    **dict.fromkeys(TRAINING_ONLY, lambda layer, slopes, inputs: slopes),
}
