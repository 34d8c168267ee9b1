"""Which input pixels can reach which unit, and which can reach none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .network import Layer, Network

WINDOWED = ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")
POINTWISE = ("ReLU", "LeakyReLU", "ELU", "Activation", "Softmax", "BatchNormalization", "Rescaling", "Dense",
             "ActivityRegularization", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout2D", "RandomBrightness",
             "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom")  # fmt: skip
"""Kinds of layers whose units read only their own place, as long as what they read is a picture."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reach:
    """The receptive field of one unit in input pixels: size and distance to its neighbour's, for rows and columns.

    Source of the recurrence: A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural
    networks", Distill, 2019.
    """

    size: tuple[int, int]
    jump: tuple[int, int]
    start: tuple[int, int]
    """First input row and column that unit (0, 0) sees; negative where it sees padding."""

    def __str__(self) -> str:
        return f"{self.size[0]} × {self.size[1]}, every {self.jump[0]}"


def receptive_fields(network: Network) -> list[Reach | None]:
    """One :class:`Reach` per layer; ``None`` from the first layer on whose units see the whole image, or whose kind is
    not known to keep the picture's layout."""
    reaches: list[Reach | None] = []
    reach: Reach | None = Reach((1, 1), (1, 1), (0, 0))
    for layer in network.layers:
        reach = None if reach is None else _grown(reach, layer)
        reaches.append(reach)
    return reaches


def unused_input_pixels(network: Network) -> tuple[list[int], list[int]]:
    """Rows and columns of the input that can never influence the output.

    They come about where a pooling or a stride drops the remainder of a division. Found by walking from the first layer
    that reads every unit back to the input, one mask per axis.
    """
    rows, columns = (np.flatnonzero(~_seen(network, axis)).tolist() for axis in (0, 1))
    return rows, columns


def layers_dropping_pixels(network: Network) -> list[str]:
    """Names of the layers that make pixels blind: if one of them left no line of its input out, fewer would be."""
    seen = [_seen(network, axis) for axis in (0, 1)]
    return [layer.name for layer in _picture_layers(network)
            if any((_seen(network, axis, mended=layer) & ~seen[axis]).any() for axis in (0, 1))]  # fmt: skip


def _picture_layers(network: Network) -> list[Layer]:
    layers = []
    for layer in network.layers:
        if not layer.is_spatial or layer.kind not in (*WINDOWED, *POINTWISE, "ZeroPadding2D"):
            break
        layers.append(layer)
    return layers


def _seen(network: Network, axis: int, *, mended: Layer | None = None) -> Mask:
    """Which lines of the input reach the output; were the layer ``mended`` one that drops none, where it is given."""
    layers = _picture_layers(network)
    last_shape = layers[-1].output_shape if layers else network.input_shape
    mask = np.ones(last_shape[axis] if len(last_shape) == 3 else 0, dtype=bool)
    for layer in reversed(layers):
        dropped = ~_needed(layer, axis, np.ones_like(mask)) if layer is mended else False
        mask = _needed(layer, axis, mask) | dropped
    return mask


def padding_before(layer: Layer, axis: int) -> int:
    """Rows (axis 0) or columns (axis 1) of zeros that a windowed layer puts before the first; "same" as TensorFlow has it:
    total padding max((out − 1)·stride + window − in, 0), the smaller half first."""
    if layer.settings.get("padding", "valid") != "same":
        return 0
    size, stride = window(layer, axis)
    total = max((layer.output_shape[axis] - 1) * stride + size - layer.input_shape[axis], 0)
    return total // 2


def window(layer: Layer, axis: int) -> tuple[int, int]:
    """Extent of the window, dilation included, and its stride along ``axis``."""
    settings = layer.settings
    size = settings["kernel_size" if "kernel_size" in settings else "pool_size"]
    dilation = settings.get("dilation_rate") or (1, 1)
    strides = settings.get("strides") or size
    return (int(size[axis]) - 1) * int(dilation[axis]) + 1, int(strides[axis])


def _grown(reach: Reach, layer: Layer) -> Reach | None:
    if not layer.is_spatial:
        return None
    if layer.kind in POINTWISE:
        return reach
    if layer.kind == "ZeroPadding2D":
        top, left = (int(sides[0]) for sides in layer.settings.get("padding", ((0, 0), (0, 0))))
        return Reach(reach.size, reach.jump, (reach.start[0] - top * reach.jump[0], reach.start[1] - left * reach.jump[1]))
    if layer.kind not in WINDOWED:
        return None
    grown = [_grown_axis(reach, layer, axis) for axis in (0, 1)]
    return Reach((grown[0][0], grown[1][0]), (grown[0][1], grown[1][1]), (grown[0][2], grown[1][2]))


def _grown_axis(reach: Reach, layer: Layer, axis: int) -> tuple[int, int, int]:
    size, stride = window(layer, axis)
    jump = reach.jump[axis]
    return reach.size[axis] + (size - 1) * jump, jump * stride, reach.start[axis] - padding_before(layer, axis) * jump


def _needed(layer: Layer, axis: int, outputs: Mask) -> Mask:
    """Which inputs of ``layer`` reach one of the ``outputs``."""
    if layer.kind in POINTWISE:
        return outputs
    inputs = np.zeros(layer.input_shape[axis], dtype=bool)
    if layer.kind == "ZeroPadding2D":
        before = int(layer.settings["padding"][axis][0])
        return outputs[before : before + len(inputs)]
    size, stride = window(layer, axis)
    before = padding_before(layer, axis)
    dilation = int((layer.settings.get("dilation_rate") or (1, 1))[axis])
    for output in np.flatnonzero(outputs):
        first = int(output) * stride - before
        lines = np.arange(first, first + size, dilation)
        inputs[lines[(lines >= 0) & (lines < len(inputs))]] = True
    return inputs
