"""From a network's description to the engine's layers, or the reason why the engine cannot train it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...models.network import Layer, Network
from .library import LayerSpec

CONV, DENSE, NORM, POOL, RELU, DROPOUT = range(6)
"""Kinds of layers, as in ``engine.h``."""
MAX_LAYERS = 64
MAX_UNITS = 2048
MAX_WINDOW = 200
"""Positions of a pooling window."""


@dataclass(frozen=True)
class EngineLayer:
    """One layer of the engine: one layer of the network, or several that are computed together."""

    spec: LayerSpec
    name: str
    """The layer of the network whose weights it has; empty if it has none."""


class Unsupported(Exception):  # noqa: N818 - a reason to train elsewhere, not an error
    """The engine cannot train a network; the message says why."""


def plan_layers(network: Network) -> tuple[EngineLayer, ...]:
    """Return the engine's layers for a network whose last layer is dense with a softmax; Unsupported says why there are none.

    A ReLU joins the layer before it, and a pooling the convolution before it if only a ReLU lies between, because the
    order of values, and so the winner of a window, is the same before and after a ReLU.
    """
    if not network.is_chain:
        raise Unsupported("it has branches")
    planned: list[EngineLayer] = []
    flattened = False  # the engine keeps images as they lie, which only the next dense layer and single values cannot tell
    for number, layer in enumerate(network.layers):
        is_last = number == len(network.layers) - 1
        if layer.kind == "Flatten":
            flattened = len(layer.input_shape) > 1
            continue
        if flattened and layer.kind == "BatchNormalization":
            raise Unsupported(f"{layer.name} normalises flattened images")
        flattened = flattened and layer.kind != "Dense"
        joined = planned[-1].spec if planned else None
        if layer.kind == "ReLU" and joined is not None and _can_take_relu(layer, joined):
            joined.relu = 1
        elif layer.kind == "MaxPooling2D" and joined is not None and _can_take_pool(joined):
            joined.pool_h, joined.pool_w = _window(layer)
        else:
            planned.append(_planned(layer, is_last))
    last = planned[-1].spec if planned else None
    if last is None or last.kind != DENSE or network.layers[-1].settings.get("activation") != "softmax":
        raise Unsupported("the last layer is not dense with a softmax")
    if planned[0].spec.kind not in (CONV, DENSE):
        raise Unsupported(f"the first layer is {network.layers[0].kind}")
    if len(planned) > MAX_LAYERS:
        raise Unsupported(f"it has {len(planned)} layers, more than {MAX_LAYERS}")
    return tuple(planned)


def _planned(layer: Layer, is_last: bool) -> EngineLayer:
    settings = layer.settings
    spec = LayerSpec(kernel_h=1, kernel_w=1, pool_h=1, pool_w=1)
    if layer.kind in ("Conv2D", "Dense"):
        activation = settings.get("activation", "linear")
        if activation not in ("linear", "relu", *(["softmax"] if is_last else [])):
            raise Unsupported(f"{layer.name} has the activation {activation}")
        spec.relu, spec.bias = activation == "relu", bool(settings["use_bias"])
    if layer.kind == "Conv2D":
        _plan_convolution(layer, settings, spec)
    elif layer.kind == "Dense":
        spec.kind, spec.outputs = DENSE, settings["units"]
        if len(layer.input_shape) > 1:
            raise Unsupported(f"{layer.name} is applied to every position of its input")
        if spec.outputs > MAX_UNITS:
            raise Unsupported(f"{layer.name} has {spec.outputs:,} units, more than {MAX_UNITS:,}")
    elif layer.kind == "BatchNormalization":
        spec.kind, spec.momentum, spec.epsilon = NORM, settings.get("momentum", 0.99), settings["epsilon"]
        if set(layer.weights) and not {"gamma", "beta"} <= set(layer.weights):
            raise Unsupported(f"{layer.name} has no scale or no offset")
        if settings.get("axis", -1) not in (-1, len(layer.input_shape)):
            raise Unsupported(f"{layer.name} normalises along axis {settings['axis']}")
    elif layer.kind == "MaxPooling2D":
        spec.kind, (spec.pool_h, spec.pool_w) = POOL, _window(layer)
    elif layer.kind == "ReLU":
        _check_relu(layer)
        spec.kind = RELU
    elif layer.kind == "Dropout":
        spec.kind, spec.rate = DROPOUT, settings["rate"]
    else:
        raise Unsupported(f"{layer.name} is a layer of the kind {layer.kind}")
    return EngineLayer(spec, layer.name if layer.weights else "")


def _plan_convolution(layer: Layer, settings: Mapping[str, Any], spec: LayerSpec) -> None:
    height, width = settings["kernel_size"]
    plain = tuple(settings.get("strides", (1, 1))) == (1, 1) == tuple(settings.get("dilation_rate", (1, 1)))
    if not plain or settings.get("groups", 1) != 1 or height % 2 == 0 or width % 2 == 0:
        raise Unsupported(f"{layer.name} has strides, dilation, groups or an even kernel")
    spec.kind, spec.outputs, spec.kernel_h, spec.kernel_w = CONV, settings["filters"], height, width
    spec.same = settings["padding"] == "same"


def _window(layer: Layer) -> tuple[int, int]:
    height, width = layer.settings["pool_size"]
    strides = layer.settings.get("strides") or (height, width)
    if tuple(strides) != (height, width) or layer.settings.get("padding", "valid") != "valid" or height * width > MAX_WINDOW:
        raise Unsupported(f"{layer.name} has overlapping, padded or very large windows")
    return height, width


def _can_take_relu(layer: Layer, before: LayerSpec) -> bool:
    _check_relu(layer)
    return before.kind in (CONV, DENSE, NORM) and before.pool_h * before.pool_w == 1


def _can_take_pool(before: LayerSpec) -> bool:
    return bool(before.kind == CONV and before.pool_h * before.pool_w == 1)


def _check_relu(layer: Layer) -> None:
    values = [layer.settings.get(name) for name in ("max_value", "negative_slope", "threshold")]
    if any(values):
        raise Unsupported(f"{layer.name} is a ReLU with a slope, a threshold or a maximum")
