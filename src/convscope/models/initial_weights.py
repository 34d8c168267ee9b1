"""Weights before training, as Keras' layers draw them by default, from a generator that needs no Keras."""

from dataclasses import replace
from math import prod

import numpy as np

from ..errors import ConfigError
from .network import Layer, Network, Shape, Weights

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
