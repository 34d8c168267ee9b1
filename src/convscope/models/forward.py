"""A forward pass in NumPy, for pictures of what happens inside a network on a machine without a back-end.

Written for clarity and checked against Keras; thousands of times slower than it on many images, fast enough for dozens.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..types import Inputs
from .network import Layer, Network
from .receptive_field import padding_before, window

Array = npt.NDArray[np.float32]


def activations(network: Network, inputs: Inputs) -> dict[str, Array]:
    """The output of every layer for ``inputs`` (n, h, w, c) in 0..1: {layer name: (n, *output_shape)}.

    Raises :class:`ConfigError` for a kind of layer that is not known here.
    """
    results: dict[str, Array] = {}
    current: Array = inputs.astype(np.float32, copy=False)
    for layer in network.layers:
        compute = COMPUTE.get(layer.kind)
        if compute is None:
            raise ConfigError(
                f"layer {layer.name!r} is a {layer.kind}; its forward pass is not known here. "
                f"Known kinds: {', '.join(sorted(COMPUTE))}."
            )
        current = _activate(layer, compute(layer, current)).astype(np.float32, copy=False)
        results[layer.name] = current
    return results


def softmax(logits: Array) -> Array:
    """Along the last axis, shifted by the maximum so that nothing overflows."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def _conv2d(layer: Layer, inputs: Array) -> Array:
    kernel = layer.weights["kernel"]
    windows = _windows(layer, inputs, fill=0.0)
    outputs = np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True)
    return np.asarray(outputs + layer.weights["bias"] if "bias" in layer.weights else outputs)


def _max_pool(layer: Layer, inputs: Array) -> Array:
    return np.asarray(_windows(layer, inputs, fill=-np.inf).max(axis=(-2, -1)))


def _average_pool(layer: Layer, inputs: Array) -> Array:
    # The mean is over the pixels of the picture in the window, not over the padding, as in TensorFlow.
    return np.asarray(np.nanmean(_windows(layer, inputs, fill=np.nan), axis=(-2, -1)))


def _windows(layer: Layer, inputs: Array, *, fill: float) -> Array:
    """(n, out_h, out_w, c, kh, kw): a view of every window of a padded input."""
    pads = [(0, 0)]
    extents, strides = [], []
    for axis in (0, 1):
        size, stride = window(layer, axis)
        before = padding_before(layer, axis)
        covered = (layer.output_shape[axis] - 1) * stride + size
        pads.append((before, max(covered - before - inputs.shape[axis + 1], 0)))
        extents.append(size)
        strides.append(stride)
    padded = np.pad(inputs, [*pads, (0, 0)], constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(padded, tuple(extents), axis=(1, 2))
    dilation = layer.settings.get("dilation_rate") or (1, 1)
    views = views[:, :: strides[0], :: strides[1], :, :: int(dilation[0]), :: int(dilation[1])]
    return views[:, : layer.output_shape[0], : layer.output_shape[1]]


def _dense(layer: Layer, inputs: Array) -> Array:
    outputs = inputs @ layer.weights["kernel"]
    return np.asarray(outputs + layer.weights["bias"] if "bias" in layer.weights else outputs)


def _batch_normalization(layer: Layer, inputs: Array) -> Array:
    weights = layer.weights
    scale = weights.get("gamma", np.float32(1)) / np.sqrt(weights["moving_variance"] + layer.settings["epsilon"])
    return np.asarray((inputs - weights["moving_mean"]) * scale + weights.get("beta", np.float32(0)))


def _zero_padding(layer: Layer, inputs: Array) -> Array:
    rows, columns = layer.settings["padding"]
    return np.pad(inputs, [(0, 0), tuple(rows), tuple(columns), (0, 0)])


COMPUTE: dict[str, Callable[[Layer, Array], Array]] = {
    "Activation": lambda layer, inputs: inputs,
    "AveragePooling2D": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "Dropout": lambda layer, inputs: inputs,
    "Flatten": lambda layer, inputs: inputs.reshape(len(inputs), -1),
    "GlobalAveragePooling2D": lambda layer, inputs: inputs.mean(axis=(1, 2)),
    "MaxPooling2D": _max_pool,
    "ReLU": lambda layer, inputs: np.maximum(inputs, 0),
    "Rescaling": lambda layer, inputs: inputs * np.float32(layer.settings["scale"]) + np.float32(layer.settings["offset"]),
    "Softmax": lambda layer, inputs: softmax(inputs),
    "ZeroPadding2D": _zero_padding,
}

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda inputs: inputs,
    "relu": lambda inputs: np.maximum(inputs, 0),
    "sigmoid": lambda inputs: np.asarray(1 / (1 + np.exp(-inputs))),
    "softmax": softmax,
    "tanh": np.tanh,
}


def _activate(layer: Layer, outputs: Array) -> Array:
    name = layer.settings.get("activation") or "linear"
    if name not in ACTIVATIONS:
        raise ConfigError(
            f"layer {layer.name!r} has the activation {name!r}; its formula is not known here. "
            f"Known activations: {', '.join(sorted(ACTIVATIONS))}."
        )
    return ACTIVATIONS[name](outputs)
