"""Write a :class:`Network` as an ONNX model, with its own or other weights.

The writer takes a millisecond and needs neither Keras nor a back-end nor the package ``onnx``. A converter takes half a
second, works on TensorFlow only, and folds batch normalization into other layers, so the weights of an earlier epoch
cannot be put in their place. Rare layers are missing on purpose: callers fall back to a converter or do without.
"""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from ...errors import ConfigError
from ..network import TRAINING_ONLY, Layer, Network, Weights
from ..predictor import FEATURES, LOGITS, PROBABILITIES
from ..receptive_field import padding_before, window
from .graph import Graph

NodeWriter = Callable[[Graph, Layer], None]


def onnx_bytes(
    network: Network, weights: Mapping[str, Weights] | None = None, *, metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return an ONNX model for the logits, probabilities and features of a network that ends in a dense layer with a softmax.

    It takes ``inputs`` (n, h, w, c), float32 in 0..1. ``logits`` and ``probabilities`` are (n, k); ``features`` (n, d) is
    the input of the last layer. ``weights``, by ``layer/weight``, replace the network's own. A ConfigError names a layer or an
    activation function that is not supported.
    """
    last = network.layers[-1]
    if last.kind != "Dense" or last.settings.get("activation") != "softmax":
        raise ConfigError(f"the network must end in a dense layer with a softmax; it ends in {last.name!r}, a {last.kind}.")
    graph = Graph(network.weight_arrays() if weights is None else weights)
    for layer in network.layers[:-1]:
        _append(graph, layer)
    graph.begin(last)
    graph.channels_last()
    features = graph.current
    _dense(graph, last)
    graph.publish(LOGITS, last.output_shape)
    graph.node("Softmax", axis=-1)
    graph.publish(PROBABILITIES, last.output_shape)
    graph.publish(FEATURES, last.input_shape, value=features)
    return graph.to_bytes(network.name, network.input_shape, metadata or {}, description_of(network))


def description_of(network: Network) -> str:
    """Return what the ``doc_string`` of an exported network says."""
    return (
        f"Image classifier {network.name!r}. inputs: images (n, {', '.join(map(str, network.input_shape))}), float32 from 0 to 1. "
        f"logits, probabilities: {network.layers[-1].output_shape[0]} classes. features: the input of the last layer. The entry "
        "'convscope' of the metadata names the classes and says how images are prepared."
    )


def activations_bytes(network: Network) -> bytes:
    """Return an ONNX model with one output per layer, or raise a ConfigError."""
    graph = Graph(network.weight_arrays())
    for layer in network.layers:
        _append(graph, layer)
        graph.channels_last()
        graph.keep(layer)
        # The slash keeps a layer called "inputs" apart from the graph's own names, which end in an operator or a weight.
        graph.publish(f"{layer.name}/output", layer.output_shape)
    return graph.to_bytes(network.name, network.input_shape, {})


def _append(graph: Graph, layer: Layer) -> None:
    if layer.kind not in LAYERS:
        raise ConfigError(f"layer {layer.name!r} is a {layer.kind}; supported kinds: {', '.join(sorted(LAYERS))}.")
    graph.begin(layer)
    if layer.inputs:
        graph.go_to(layer.inputs[0])
    LAYERS[layer.kind](graph, layer)
    name = layer.settings.get("activation") or "linear"
    if name not in ACTIVATIONS:
        raise ConfigError(
            f"layer {layer.name!r} has the activation {name!r}; supported activations: {', '.join(sorted(ACTIVATIONS))}."
        )
    ACTIVATIONS[name](graph)
    graph.keep(layer)


def _join(kind: str, *, most: int | None = None) -> NodeWriter:
    """Return the writer of a layer that joins branches, of which ``kind`` takes at most so many at once."""

    def write(graph: Graph, layer: Layer) -> None:
        joined: list[str] = []
        axes = set()
        for name in reversed(layer.inputs):  # the first is the current one in the end
            axes.add(graph.go_to(name))
            graph.channels_last()
            joined.insert(0, graph.current)
        if len(axes) > 1:  # Keras aligns them in another way than ONNX
            raise ConfigError(f"layer {layer.name!r} joins inputs with different numbers of axes, which is not supported.")
        settings = {"axis": int(layer.settings.get("axis", -1))} if kind == "Concat" else {}
        size = (most or len(joined)) - 1
        for start in range(1, len(joined), size):
            graph.node(kind, *joined[start : start + size], **settings)

    return write


def _conv2d(graph: Graph, layer: Layer) -> None:
    _convolve(graph, layer, graph.weight(layer, "kernel").transpose(3, 2, 0, 1), int(layer.settings.get("groups") or 1))


def _depthwise_conv2d(graph: Graph, layer: Layer) -> None:
    kernel = graph.weight(layer, "kernel")
    height, width, channels, multiplier = kernel.shape
    filters = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    _convolve(graph, layer, filters, channels)


def _convolve(graph: Graph, layer: Layer, filters: Weights, groups: int) -> None:
    graph.channels_first()
    bias = [graph.constant(graph.weight(layer, "bias"), "bias")] if "bias" in layer.weights else []
    dilations = [int(size) for size in layer.settings.get("dilation_rate") or (1, 1)]
    graph.node("Conv", graph.constant(filters, "kernel"), *bias, dilations=dilations, group=groups, **_windows(layer))


def _pool(kind: str) -> NodeWriter:
    def write(graph: Graph, layer: Layer) -> None:
        graph.channels_first()
        # AveragePool leaves the padding out of its means by default, as TensorFlow does.
        graph.node(kind, kernel_shape=[int(size) for size in layer.settings["pool_size"]], **_windows(layer))

    return write


def _global_pool(kind: str) -> NodeWriter:
    def write(graph: Graph, layer: Layer) -> None:
        graph.channels_first()
        graph.node(kind)
        graph.channels_last()
        _reshape(graph, layer)

    return write


def _windows(layer: Layer) -> dict[str, list[int]]:
    """Return strides and Keras' padding: rows and columns before, then rows and columns after."""
    extents = [window(layer, axis) for axis in (0, 1)]
    before = [padding_before(layer, axis) for axis in (0, 1)]
    covered = [(layer.output_shape[axis] - 1) * extents[axis][1] + extents[axis][0] for axis in (0, 1)]
    after = [max(covered[axis] - before[axis] - layer.input_shape[axis], 0) for axis in (0, 1)]
    return {"strides": [stride for _, stride in extents], "pads": [*before, *after]}


def _dense(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    graph.node("MatMul", graph.constant(graph.weight(layer, "kernel"), "kernel"))
    if "bias" in layer.weights:
        graph.node("Add", graph.constant(graph.weight(layer, "bias"), "bias"))


def _reshape(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    graph.node("Reshape", graph.constant(np.array([-1, *layer.output_shape], np.int64), "shape"))


def _batch_normalization(graph: Graph, layer: Layer) -> None:
    _require_last_axis(layer)
    # ONNX normalizes axis 1: the channels of images, but not the last axis of (n, a, b).
    is_sequence = len(layer.output_shape) == 2
    if layer.is_spatial:
        graph.channels_first()
    elif is_sequence:
        graph.node("Transpose", perm=(0, 2, 1))
    mean, variance = graph.weight(layer, "moving_mean"), graph.weight(layer, "moving_variance")
    weights = {
        "gamma": graph.weight(layer, "gamma", default=np.ones_like(mean)),
        "beta": graph.weight(layer, "beta", default=np.zeros_like(mean)),
        "moving_mean": mean,
        "moving_variance": variance,
    }
    names = [graph.constant(array, name) for name, array in weights.items()]
    graph.node("BatchNormalization", *names, epsilon=float(layer.settings["epsilon"]))
    if is_sequence:
        graph.node("Transpose", perm=(0, 2, 1))


def _relu(graph: Graph, layer: Layer) -> None:
    slope, cap = float(layer.settings.get("negative_slope") or 0), layer.settings.get("max_value")
    threshold = float(layer.settings.get("threshold") or 0)
    if threshold:
        _thresholded_relu(graph, threshold, slope)
    elif slope:
        graph.node("LeakyRelu", alpha=slope)
    else:
        graph.node("Relu")
    if cap is not None:
        graph.node("Min", _scalar(cap))


def _thresholded_relu(graph: Graph, threshold: float, slope: float) -> None:
    """Add x above the threshold, and slope · (x − threshold) up to it."""
    inputs = graph.current
    graph.node("ThresholdedRelu", alpha=threshold)
    if slope:
        above, graph.current = graph.current, inputs
        graph.node("Sub", _scalar(threshold))
        graph.node("Min", _scalar(0))
        graph.node("Mul", _scalar(slope))
        graph.node("Add", above)


def _rescaling(graph: Graph, layer: Layer) -> None:
    graph.channels_last()  # scale and offset may be one number per channel
    graph.node("Mul", graph.constant(_scalar(layer.settings["scale"]), "scale"))
    graph.node("Add", graph.constant(_scalar(layer.settings["offset"]), "offset"))


def _normalization(graph: Graph, layer: Layer) -> None:
    axis = layer.settings.get("axis", -1)
    if axis not in (None, []):
        _require_last_axis(layer)
    graph.channels_last()
    adapted = "mean" in layer.weights
    mean, variance = (
        graph.weight(layer, name) if adapted else _scalar(layer.settings[name]) for name in ("mean", "variance")
    )
    deviation = np.maximum(np.sqrt(variance), np.float32(1e-7))  # Keras' epsilon
    # Statistics may be (1, 1, 1, c), or one number.
    centre, width = (
        graph.constant(array.reshape(array.shape[-1:]) if array.size > 1 else array.reshape(()), name)
        for name, array in (("mean", mean), ("deviation", deviation))
    )
    if layer.settings.get("invert"):
        graph.node("Mul", width)
        graph.node("Add", centre)
    else:
        graph.node("Sub", centre)
        graph.node("Div", width)


def _softmax_layer(graph: Graph, layer: Layer) -> None:
    _require_last_axis(layer)
    _softmax(graph)


def _zero_padding(graph: Graph, layer: Layer) -> None:
    graph.channels_last()
    (top, bottom), (left, right) = layer.settings["padding"]
    graph.node("Pad", np.array([0, top, left, 0, 0, bottom, right, 0], np.int64))


def _pass_through(graph: Graph, layer: Layer) -> None:
    """Add nothing: outside training the layer returns its input."""


def _require_last_axis(layer: Layer) -> None:
    # Keras counts axes with the batch in front.
    axis = layer.settings.get("axis", -1)
    if axis not in (-1, len(layer.input_shape), [-1], [len(layer.input_shape)]):
        raise ConfigError(f"layer {layer.name!r} works along axis {axis}; only the last axis (-1) is supported.")


def _scalar(value: float | list[float]) -> Weights:
    return np.array(value, np.float32)


def _softmax(graph: Graph) -> None:
    graph.channels_last()
    graph.node("Softmax", axis=-1)


def _gelu(graph: Graph) -> None:
    # ONNX has Gelu from opset 20 only, which older runtimes do not read.
    inputs = graph.current
    graph.node("Mul", _scalar(1 / sqrt(2)))
    graph.node("Erf")
    graph.node("Add", _scalar(1))
    graph.node("Mul", inputs)
    graph.node("Mul", _scalar(0.5))


def _celu(graph: Graph) -> None:
    graph.node("Celu", alpha=1.0)


def _silu(graph: Graph) -> None:
    inputs = graph.current
    graph.node("Sigmoid")
    graph.node("Mul", inputs)


def _relu6(graph: Graph) -> None:
    graph.node("Relu")
    graph.node("Min", _scalar(6))


LAYERS: dict[str, NodeWriter] = {
    "Activation": _pass_through,
    "Add": _join("Sum"),
    "Average": _join("Mean"),
    "AveragePooling2D": _pool("AveragePool"),
    "BatchNormalization": _batch_normalization,
    "Concatenate": _join("Concat"),
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise_conv2d,
    "ELU": lambda graph, layer: graph.node("Elu", alpha=float(layer.settings.get("alpha", 1.0))),
    "Flatten": _reshape,
    "GlobalAveragePooling2D": _global_pool("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global_pool("GlobalMaxPool"),
    "LeakyReLU": lambda graph, layer: graph.node("LeakyRelu", alpha=float(layer.settings.get("negative_slope", 0.3))),
    "MaxPooling2D": _pool("MaxPool"),
    "Maximum": _join("Max"),
    "Minimum": _join("Min"),
    "Multiply": _join("Mul", most=2),
    "Normalization": _normalization,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Softmax": _softmax_layer,
    "Subtract": _join("Sub", most=2),
    "ZeroPadding2D": _zero_padding,
    **dict.fromkeys(TRAINING_ONLY, _pass_through),
}

ACTIVATIONS: dict[str, Callable[[Graph], None]] = {
    "celu": _celu,
    "elu": lambda graph: graph.node("Elu"),
    "gelu": _gelu,
    "leaky_relu": lambda graph: graph.node("LeakyRelu", alpha=0.2),
    "linear": lambda graph: None,
    "relu": lambda graph: graph.node("Relu"),
    "relu6": _relu6,
    "selu": lambda graph: graph.node("Selu"),
    "sigmoid": lambda graph: graph.node("Sigmoid"),
    "silu": _silu,
    "softmax": _softmax,
    "softplus": lambda graph: graph.node("Softplus"),
    "tanh": lambda graph: graph.node("Tanh"),
}
