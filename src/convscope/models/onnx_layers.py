"""A :class:`Network` as an ONNX model, made from its description and any weights of its shapes.

In a hundredth of a second and without Keras, a back-end or the package ``onnx``: a converter takes half a second, works on
TensorFlow only, and folds batch normalisation away, so that the weights of an earlier epoch cannot be put in their place.
ONNX Runtime then takes 10,000 images of MNIST in a fifth of a second. Layer for layer it says what
:mod:`convscope.models.forward` says. It leaves out what is rare: whoever uses it compares with logits that are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..errors import ConfigError
from .forward import TRAINING_ONLY
from .network import Layer, Network, Weights
from .onnx_graph import Graph
from .predictor import FEATURES, LOGITS, PROBABILITIES
from .receptive_field import padding_before, window

Lay = Callable[[Graph, Layer], None]


def onnx_bytes(
    network: Network, weights: Mapping[str, Weights] | None = None, *, metadata: Mapping[str, str] | None = None
) -> bytes:
    """The model with the outputs ``logits`` and ``probabilities`` (n, k), and ``features`` (n, d), what the last layer is
    given, for an input ``inputs`` (n, h, w, c) float32 in 0..1.

    ``weights`` by ``layer/weight``, without them the network's own. ``metadata`` goes into the file.
    Raises :class:`ConfigError` for a kind of layer or an activation that is not known here, and where the last layer is
    not dense with a softmax.
    """
    last = network.layers[-1]
    if last.kind != "Dense" or last.settings.get("activation") != "softmax":
        raise ConfigError(f"the network ends in {last.name!r}, a {last.kind}; a dense layer with a softmax was expected.")
    graph = Graph(network.weight_arrays() if weights is None else weights)
    for layer in network.layers[:-1]:
        if layer.kind not in LAYERS:
            raise ConfigError(f"layer {layer.name!r} is a {layer.kind}; known kinds: {', '.join(sorted(LAYERS))}.")
        LAYERS[layer.kind](graph, layer)
        _activate(graph, layer)
    graph.channels_last()
    features = graph.current
    _dense(graph, last)
    graph.publish(LOGITS, last.output_shape)
    graph.node("Softmax", axis=-1)
    graph.publish(PROBABILITIES, last.output_shape)
    graph.publish(FEATURES, last.input_shape, value=features)
    return graph.to_bytes(network.name, network.input_shape, metadata or {})


def _activate(graph: Graph, layer: Layer) -> None:
    name = layer.settings.get("activation") or "linear"
    if name == "softmax":
        _softmax(graph, layer)
    elif name in ACTIVATIONS:
        graph.node(ACTIVATIONS[name])
    elif name != "linear":
        raise ConfigError(f"layer {layer.name!r} has the activation {name!r}; its formula is not known here.")


def _conv2d(graph: Graph, layer: Layer) -> None:
    _convolve(graph, layer, graph.weight(layer, "kernel").transpose(3, 2, 0, 1), int(layer.settings.get("groups") or 1))


def _depthwise_conv2d(graph: Graph, layer: Layer) -> None:
    kernel = graph.weight(layer, "kernel")
    height, width, channels, multiplier = kernel.shape
    filters = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    _convolve(graph, layer, filters, channels)


def _convolve(graph: Graph, layer: Layer, filters: Weights, groups: int) -> None:
    graph.channels_first()
    bias = [graph.weight(layer, "bias")] if "bias" in layer.weights else []
    dilations = [int(size) for size in layer.settings.get("dilation_rate") or (1, 1)]
    graph.node("Conv", filters, *bias, dilations=dilations, group=groups, **_windows(layer))


def _pool(kind: str) -> Lay:
    def lay(graph: Graph, layer: Layer) -> None:
        graph.channels_first()
        graph.node(kind, kernel_shape=[int(size) for size in layer.settings["pool_size"]], **_windows(layer))

    return lay


def _global_pool(kind: str) -> Lay:
    def lay(graph: Graph, layer: Layer) -> None:
        graph.channels_first()
        graph.node(kind)
        graph.channels_last()
        _lay_out_anew(graph, layer)

    return lay


def _windows(layer: Layer) -> dict[str, list[int]]:
    """Strides, and the padding as Keras has it: rows and columns before, then those behind."""
    extents = [window(layer, axis) for axis in (0, 1)]
    before = [padding_before(layer, axis) for axis in (0, 1)]
    covered = [(layer.output_shape[axis] - 1) * extents[axis][1] + extents[axis][0] for axis in (0, 1)]
    behind = [max(covered[axis] - before[axis] - layer.input_shape[axis], 0) for axis in (0, 1)]
    return {"strides": [stride for _, stride in extents], "pads": [*before, *behind]}


def _dense(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    graph.node("MatMul", graph.weight(layer, "kernel"))
    if "bias" in layer.weights:
        graph.node("Add", graph.weight(layer, "bias"))


def _lay_out_anew(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    graph.node("Reshape", np.array([-1, *layer.output_shape], np.int64))


def _batch_normalization(graph: Graph, layer: Layer) -> None:
    if layer.is_spatial:
        graph.channels_first()
    mean, variance = graph.weight(layer, "moving_mean"), graph.weight(layer, "moving_variance")
    gamma, beta = (
        graph.weight(layer, name, default=np.full_like(mean, value)) for name, value in (("gamma", 1), ("beta", 0))
    )
    graph.node("BatchNormalization", gamma, beta, mean, variance, epsilon=float(layer.settings["epsilon"]))


def _relu(graph: Graph, layer: Layer) -> None:
    slope, cap = layer.settings.get("negative_slope"), layer.settings.get("max_value")
    if slope:
        graph.node("LeakyRelu", alpha=float(slope))
    else:
        graph.node("Relu")
    if cap is not None:
        graph.node("Min", np.array(cap, np.float32))


def _rescaling(graph: Graph, layer: Layer) -> None:
    graph.channels_last()  # there may be a number for each
    graph.node("Mul", np.array(layer.settings["scale"], np.float32))
    graph.node("Add", np.array(layer.settings["offset"], np.float32))


def _softmax(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    graph.node("Softmax", axis=-1)


def _zero_padding(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    (top, bottom), (left, right) = layer.settings["padding"]
    graph.node("Pad", np.array([0, top, left, 0, 0, bottom, right, 0], np.int64))


def _nothing(graph: Graph, layer: Layer) -> None:
    """A layer that hands on what it gets, but for the function that is its setting ``activation``."""


LAYERS: dict[str, Lay] = {
    "Activation": _nothing,
    "AveragePooling2D": _pool("AveragePool"),
    "BatchNormalization": _batch_normalization,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise_conv2d,
    "ELU": lambda graph, layer: graph.node("Elu", alpha=float(layer.settings.get("alpha", 1.0))),
    "Flatten": _lay_out_anew,
    "GlobalAveragePooling2D": _global_pool("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global_pool("GlobalMaxPool"),
    "LeakyReLU": lambda graph, layer: graph.node("LeakyRelu", alpha=float(layer.settings.get("negative_slope", 0.3))),
    "MaxPooling2D": _pool("MaxPool"),
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _lay_out_anew,
    "Softmax": _softmax,
    "ZeroPadding2D": _zero_padding,
    **dict.fromkeys(TRAINING_ONLY, _nothing),
}
ACTIVATIONS = {"elu": "Elu", "relu": "Relu", "selu": "Selu", "sigmoid": "Sigmoid", "softplus": "Softplus", "tanh": "Tanh"}
