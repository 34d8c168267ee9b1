"""Receptive fields, and the input pixels that no output depends on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..system.forms import Signed
from .network import IMAGE, TRAINING_ONLY, Layer, Network

WINDOWED = ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")

POINTWISE = ("ReLU", "LeakyReLU", "ELU", "Activation", "Softmax", "BatchNormalization", "Rescaling", "Dense",
             "Normalization", *TRAINING_ONLY)  # fmt: skip
"""Kinds of layers whose units read only their own position of an image."""
JOINING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
"""Kinds of layers whose units read one position of several inputs."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of one unit, in input pixels, for rows and columns.

    Source of the recurrence: A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural
    networks", Distill, 2019.
    """

    size: tuple[int, int]
    jump: tuple[int, int]
    """Distance between the fields of neighbouring units."""
    start: tuple[Signed, Signed]
    """First input row and column in the field of unit (0, 0); negative in the padding."""

    def __str__(self) -> str:
        return f"{self.size[0]} × {self.size[1]}, stride {self.jump[0]}"


def receptive_fields(network: Network) -> list[ReceptiveField | None]:
    """Return one :class:`ReceptiveField` per layer.

    It is ``None`` from the first layer on whose units read the whole image, or whose kind may change the image's layout.
    """
    fields: dict[str, ReceptiveField | None] = {IMAGE: ReceptiveField((1, 1), (1, 1), (0, 0))}
    for number, layer in enumerate(network.layers):
        read = [fields[name] for name in network.inputs_of(number)]
        field = read[0] if len(read) == 1 else _joined(read) if layer.kind in JOINING else None
        fields[layer.name] = field and _propagate(field, layer)
    return list(fields.values())[1:]


def unused_input_pixels(network: Network) -> tuple[list[int], list[int]]:
    """Return the rows and the columns of the input that cannot influence the output.

    They arise where a pooling or a stride drops the remainder of a division. The search walks from the first layer that
    reads every unit back to the input, with one mask per axis.
    """
    rows, columns = (np.flatnonzero(~_used(network, axis)).tolist() for axis in (0, 1))
    return rows, columns


def layers_dropping_pixels(network: Network) -> list[str]:
    """Return the names of the layers that drop the unused pixels."""
    used = [_used(network, axis) for axis in (0, 1)]
    return [layer.name for layer in _image_layers(network)
            if any((_used(network, axis, repaired=layer) & ~used[axis]).any() for axis in (0, 1))]  # fmt: skip


def _image_layers(network: Network) -> list[Layer]:
    layers: list[Layer] = []
    branching = {name for layer in network.layers for name in layer.inputs}
    for layer in network.layers:
        if branching & {IMAGE, *(each.name for each in layers)}:
            break
        if not layer.is_spatial or layer.kind not in (*WINDOWED, *POINTWISE, "ZeroPadding2D"):
            break
        layers.append(layer)
    return layers


def _used(network: Network, axis: int, *, repaired: Layer | None = None) -> Mask:
    """Return the lines of the input that reach the output if ``repaired`` drops none."""
    layers = _image_layers(network)
    last_shape = layers[-1].output_shape if layers else network.input_shape
    mask = np.ones(last_shape[axis] if len(last_shape) == 3 else 0, dtype=bool)
    for layer in reversed(layers):
        dropped = ~_needed(layer, axis, np.ones_like(mask)) if layer is repaired else False
        mask = _needed(layer, axis, mask) | dropped
    return mask


def padding_before(layer: Layer, axis: int) -> int:
    """Return the rows (axis 0) or columns (axis 1) of zeros before the first.

    TensorFlow's "same" adds max((out − 1)·stride + window − in, 0) in total, the smaller half first.
    """
    if layer.settings.get("padding", "valid") != "same":
        return 0
    size, stride = window(layer, axis)
    total = max((layer.output_shape[axis] - 1) * stride + size - layer.input_shape[axis], 0)
    return total // 2


def window(layer: Layer, axis: int) -> tuple[int, int]:
    """Return the extent of the window, dilation included, and its stride along ``axis``."""
    settings = layer.settings
    size = settings["kernel_size" if "kernel_size" in settings else "pool_size"]
    dilation = settings.get("dilation_rate") or (1, 1)
    strides = settings.get("strides") or size
    return (int(size[axis]) - 1) * int(dilation[axis]) + 1, int(strides[axis])


def _propagate(field: ReceptiveField, layer: Layer) -> ReceptiveField | None:
    if not layer.is_spatial:
        return None
    if layer.kind in (*POINTWISE, *JOINING):
        return field
    if layer.kind == "ZeroPadding2D":
        top, left = (int(sides[0]) for sides in layer.settings.get("padding", ((0, 0), (0, 0))))
        return ReceptiveField(
            field.size, field.jump, (field.start[0] - top * field.jump[0], field.start[1] - left * field.jump[1])
        )
    if layer.kind not in WINDOWED:
        return None
    axes = [_propagate_axis(field, layer, axis) for axis in (0, 1)]
    return ReceptiveField((axes[0][0], axes[1][0]), (axes[0][1], axes[1][1]), (axes[0][2], axes[1][2]))


def _joined(fields: Sequence[ReceptiveField | None]) -> ReceptiveField | None:
    """Return the field of a unit that reads the same unit of several layers, which have the same jump."""
    known = [field for field in fields if field is not None]
    if len(known) < len(fields) or len({field.jump for field in known}) > 1:
        return None
    rows, columns = (
        (min(each.start[axis] for each in known), max(each.start[axis] + each.size[axis] for each in known))
        for axis in (0, 1)
    )
    return ReceptiveField((rows[1] - rows[0], columns[1] - columns[0]), known[0].jump, (rows[0], columns[0]))


def _propagate_axis(field: ReceptiveField, layer: Layer, axis: int) -> tuple[int, int, int]:
    size, stride = window(layer, axis)
    jump = field.jump[axis]
    return field.size[axis] + (size - 1) * jump, jump * stride, field.start[axis] - padding_before(layer, axis) * jump


def _needed(layer: Layer, axis: int, outputs: Mask) -> Mask:
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
