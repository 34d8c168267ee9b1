"""A forward pass in NumPy, for pictures of what happens inside a network on a machine without a back-end.

Written for clarity and checked against Keras; thousands of times slower than it on many images, fast enough for dozens.
The page's engine (``page/web/js/engine/kinds.js``) knows the same kinds of layers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, sqrt

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
    groups = int(layer.settings.get("groups") or 1)
    parts = zip(np.split(windows, groups, axis=3), np.split(kernel, groups, axis=3), strict=True)
    outputs = np.concatenate([np.einsum("nhwcij,ijco->nhwo", *part, optimize=True) for part in parts], axis=-1)
    return np.asarray(outputs + layer.weights["bias"] if "bias" in layer.weights else outputs)


def _depthwise_conv2d(layer: Layer, inputs: Array) -> Array:
    outputs = np.einsum("nhwcij,ijcm->nhwcm", _windows(layer, inputs, fill=0.0), layer.weights["kernel"], optimize=True)
    outputs = outputs.reshape(len(inputs), *layer.output_shape)
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
    _require_last_axis(layer)
    weights = layer.weights
    scale = weights.get("gamma", np.float32(1)) / np.sqrt(weights["moving_variance"] + layer.settings["epsilon"])
    return np.asarray((inputs - weights["moving_mean"]) * scale + weights.get("beta", np.float32(0)))


def _zero_padding(layer: Layer, inputs: Array) -> Array:
    rows, columns = layer.settings["padding"]
    return np.pad(inputs, [(0, 0), tuple(rows), tuple(columns), (0, 0)])


def _relu(layer: Layer, inputs: Array) -> Array:
    settings = layer.settings
    threshold = float(settings.get("threshold") or 0)
    below = float(settings.get("negative_slope") or 0) * (inputs - threshold)
    cap = settings.get("max_value")
    return np.asarray(np.minimum(np.where(inputs > threshold, inputs, below), np.inf if cap is None else cap))


def _leaky_relu(layer: Layer, inputs: Array) -> Array:
    return np.where(inputs > 0, inputs, inputs * layer.settings.get("negative_slope", 0.3))


def _softmax_layer(layer: Layer, inputs: Array) -> Array:
    _require_last_axis(layer)
    return softmax(inputs)


def _require_last_axis(layer: Layer) -> None:
    """Raises :class:`ConfigError` where ``axis``, which Keras counts with the batch in front, is not that of the channels."""
    axis = layer.settings.get("axis", -1)
    if axis not in (-1, len(layer.input_shape), [-1], [len(layer.input_shape)]):
        raise ConfigError(f"layer {layer.name!r} works along axis {axis}; only the last axis (-1) is known here.")


def _laid_out_anew(layer: Layer, inputs: Array) -> Array:
    return inputs.reshape(len(inputs), *layer.output_shape)


TRAINING_ONLY = ("ActivityRegularization", "Dropout", "GaussianDropout", "GaussianNoise", "RandomBrightness", "RandomContrast",
                 "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "SpatialDropout2D")  # fmt: skip
"""Kinds of layers that hand on what they get, but for the training."""

COMPUTE: dict[str, Callable[[Layer, Array], Array]] = {
    "Activation": lambda layer, inputs: inputs,
    "AveragePooling2D": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise_conv2d,
    "ELU": lambda layer, inputs: _elu(inputs, layer.settings.get("alpha", 1.0)),
    "Flatten": _laid_out_anew,
    "GlobalAveragePooling2D": lambda layer, inputs: _laid_out_anew(layer, inputs.mean(axis=(1, 2))),
    "GlobalMaxPooling2D": lambda layer, inputs: _laid_out_anew(layer, inputs.max(axis=(1, 2))),
    "LeakyReLU": _leaky_relu,
    "MaxPooling2D": _max_pool,
    "ReLU": _relu,
    "Rescaling": lambda layer, inputs: inputs * np.float32(layer.settings["scale"]) + np.float32(layer.settings["offset"]),
    "Reshape": _laid_out_anew,
    "Softmax": _softmax_layer,
    "ZeroPadding2D": _zero_padding,
    **dict.fromkeys(TRAINING_ONLY, lambda layer, inputs: inputs),
}


def _sigmoid(inputs: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-inputs)))


def _elu(inputs: Array, alpha: float = 1.0) -> Array:
    return np.where(inputs > 0, inputs, alpha * np.expm1(np.minimum(inputs, 0)))


def _gelu(inputs: Array) -> Array:
    share = np.array([(1 + erf(value / sqrt(2))) / 2 for value in inputs.ravel()])
    return np.asarray(inputs * share.reshape(inputs.shape))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "elu": _elu,
    "gelu": _gelu,
    "leaky_relu": lambda inputs: np.where(inputs > 0, inputs, 0.2 * inputs),
    "linear": lambda inputs: inputs,
    "relu": lambda inputs: np.maximum(inputs, 0),
    "relu6": lambda inputs: np.clip(inputs, 0, 6),
    "selu": lambda inputs: 1.0507009873554805 * _elu(inputs, 1.6732632423543772),
    "sigmoid": _sigmoid,
    "silu": lambda inputs: inputs * _sigmoid(inputs),
    "softmax": softmax,
    "softplus": lambda inputs: np.logaddexp(inputs, 0),
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
