"""Batch normalisation of hidden dense layers for the training only, folded into their weights at the end.

It follows S. Ioffe and C. Szegedy, "Batch Normalization", 2015. In ``relu(dense(x) + b)``, a normalisation of ``dense(x)``
replaces the bias. Its scale and offset are constants once the training is over, so the plain layer with
:func:`fold_batch_norm` computes the same function. What it is worth, and why convolutions are left as they are, is in
``benchmarks/LOG.md``.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..models.network import Layer, Network, Weights

MOMENTUM, EPSILON = 0.95, 1e-3
"""Momentum of the running mean and variance: they cover the last few dozen batches, since the weights change quickly."""
SUFFIX = "_normalized"


def add_batch_norm(plain: Network) -> Network:
    """Return the network to train instead of ``plain``: each hidden dense layer with a bias and a ReLU is normalised."""
    layers: list[Layer] = []
    for layer in plain.layers:
        layers += _normalized(layer) if _normalizable(layer, plain) else [layer]
    return replace(plain, layers=tuple(layers))


def fold_batch_norm(weights: Mapping[str, Weights], plain: Network) -> dict[str, Weights]:
    """Return the weights with which ``plain`` computes what ``add_batch_norm(plain)`` computes with ``weights``.

    Both are by ``layer/weight``; those of a network that was not normalised are returned as they are.
    """
    folded = {name: array for name, array in weights.items() if SUFFIX not in name}
    for layer in plain.layers:
        if f"{layer.name}{SUFFIX}/gamma" in weights:
            gamma, beta, mean, variance = (
                weights[f"{layer.name}{SUFFIX}/{name}"].astype(np.float64)
                for name in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            scale = gamma / np.sqrt(variance + EPSILON)
            kernel = weights[f"{layer.name}/kernel"].astype(np.float64)
            folded[f"{layer.name}/kernel"] = (kernel * scale).astype(np.float32)
            folded[f"{layer.name}/bias"] = (beta - mean * scale).astype(np.float32)
    return {name: folded[name] for name in plain.weight_arrays()}


def _normalizable(layer: Layer, network: Network) -> bool:
    settings = layer.settings
    is_hidden_dense = layer.kind == "Dense" and layer is not network.layers[-1]
    return bool(is_hidden_dense and settings["use_bias"] and settings["activation"] == "relu")


def _normalized(layer: Layer) -> list[Layer]:
    """Return the dense layer without bias and ReLU, a normalisation and the ReLU."""
    shape, units = layer.output_shape, layer.output_shape[-1]
    settings = {**layer.settings, "use_bias": False, "activation": "linear"}
    zeros, ones = np.zeros(units, np.float32), np.ones(units, np.float32)
    name = f"{layer.name}{SUFFIX}"
    statistics = {"gamma": ones, "beta": zeros, "moving_mean": zeros, "moving_variance": ones}
    return [
        replace(layer, settings=settings, weights={"kernel": layer.weights["kernel"]}),
        Layer(
            name,
            "BatchNormalization",
            {"axis": -1, "momentum": MOMENTUM, "epsilon": EPSILON, "scale": True},
            shape,
            shape,
            statistics,
        ),
        Layer(f"{name}_relu", "ReLU", {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}, shape, shape),
    ]
