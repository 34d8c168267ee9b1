"""The way back through an activation function: from the slope of what comes after it to that of what goes in.

The functions are those of :data:`convscope.models.forward.ACTIVATIONS`; at a kink the slope is that on its left, as
TensorFlow has it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, pi, sqrt

import numpy as np

from .forward import ACTIVATIONS, Array, softmax
from .network import Layer

Slope = Callable[[Array], Array]


def pull_back_activation(layer: Layer, slopes: Array, before: Array) -> Array:
    """``slopes`` and ``before``: (n, *output_shape), of the layer's output and of what went into its activation function."""
    name = layer.settings.get("activation") or "linear"
    if name == "linear":
        return slopes
    if name == "softmax":
        return pull_back_softmax(slopes, softmax(before))
    return np.asarray(slopes * SLOPES[name](before))


def pull_back_softmax(slopes: Array, probabilities: Array) -> Array:
    """Along the last axis: every class shares in every logit."""
    return np.asarray(probabilities * (slopes - (slopes * probabilities).sum(axis=-1, keepdims=True)))


def rectifier_slope(layer: Layer, inputs: Array) -> Array:
    """Of Keras' layer ``ReLU``, with its threshold, its cap and its slope below."""
    settings = layer.settings
    threshold, cap = float(settings.get("threshold") or 0), settings.get("max_value")
    below = float(settings.get("negative_slope") or 0)
    slopes = np.where(inputs > threshold, np.float32(1), np.float32(below))
    return slopes if cap is None else np.where(inputs >= cap, np.float32(0), slopes)


def elu_slope(inputs: Array, alpha: float = 1.0) -> Array:
    """Of ``alpha`` · (exp(x) − 1) below zero, and x above."""
    return np.where(inputs > 0, 1, alpha * np.exp(np.minimum(inputs, 0)))


def leaky_slope(inputs: Array, below: float) -> Array:
    """1 above zero, ``below`` elsewhere."""
    return np.where(inputs > 0, np.float32(1), np.float32(below))


def _gelu_slope(inputs: Array) -> Array:
    share = np.array([(1 + erf(value / sqrt(2))) / 2 for value in inputs.ravel()]).reshape(inputs.shape)
    return np.asarray(share + inputs * np.exp(-(inputs**2) / 2) / sqrt(2 * pi))


def _sigmoid_slope(inputs: Array) -> Array:
    share = ACTIVATIONS["sigmoid"](inputs)
    return np.asarray(share * (1 - share))


def _silu_slope(inputs: Array) -> Array:
    share = ACTIVATIONS["sigmoid"](inputs)
    return np.asarray(share * (1 + inputs * (1 - share)))


SLOPES: dict[str, Slope] = {
    "elu": elu_slope,
    "gelu": _gelu_slope,
    "leaky_relu": lambda inputs: leaky_slope(inputs, 0.2),
    "relu": lambda inputs: leaky_slope(inputs, 0),
    "relu6": lambda inputs: ((inputs > 0) & (inputs < 6)).astype(np.float32),
    "selu": lambda inputs: 1.0507009873554805 * elu_slope(inputs, 1.6732632423543772),
    "sigmoid": _sigmoid_slope,
    "silu": _silu_slope,
    "softplus": ACTIVATIONS["sigmoid"],
    "tanh": lambda inputs: 1 - np.tanh(inputs) ** 2,
}
