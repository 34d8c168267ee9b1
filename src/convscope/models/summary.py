"""A table of layers with shapes, parameters and costs, like Keras' ``summary()``."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from .network import Layer, Network, Shape
from .receptive_field import ReceptiveField, receptive_fields


@dataclass(frozen=True)
class LayerRow:
    """One line of the table."""

    name: str
    kind: str
    output_shape: Shape
    num_parameters: int
    parameter_sum: str
    """Terms of ``num_parameters``: ``"3·3·16·32 + 32"``; empty for a layer without any."""
    multiply_adds: int
    """Per image, without biases and activations."""
    receptive_field: ReceptiveField | None
    """Input pixels that reach one unit; ``None`` if all of them do."""


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network with their costs, in order."""

    model_name: str
    rows: tuple[LayerRow, ...]

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    @property
    def num_parameters(self) -> int:
        return sum(row.num_parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.rows)

    @property
    def kilobytes(self) -> float:
        """Size of the float32 parameters in units of 1,024 bytes, as in Keras' ``summary()``."""
        return self.num_parameters * 4 / 1024

    def __str__(self) -> str:
        head = ("layer", "output shape", "parameters", "multiply-adds", "receptive field")
        lines = [
            head,
            *(_cells(row) for row in self.rows),
            (f"total ({self.kilobytes:,.2f} KB)", "", f"{self.num_parameters:,}", f"{self.multiply_adds:,}", ""),
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        texts = [
            "  ".join(
                cell.rjust(width) if column in (2, 3) else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        rule = "─" * max(map(len, texts))
        return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def layer_table(network: Network) -> LayerTable:
    """Return the costs of every layer of ``network``."""
    fields = receptive_fields(network)
    rows = (
        LayerRow(
            layer.name,
            layer.kind,
            layer.output_shape,
            layer.num_parameters,
            _parameter_sum(layer),
            multiply_adds(layer),
            field,
        )
        for layer, field in zip(network.layers, fields, strict=True)
    )
    return LayerTable(network.name, tuple(rows))


def multiply_adds(layer: Layer) -> int:
    """Return the multiply-adds of a layer for one image, 0 for a layer without a kernel.

    Each output unit of a convolution takes kh·kw·in of them, each unit of a dense layer one per input.
    """
    kernel = layer.weights.get("kernel")
    if kernel is None:
        return 0
    if layer.kind in ("Conv2D", "DepthwiseConv2D"):
        return prod(layer.output_shape[:2]) * kernel.size
    return kernel.size


def _parameter_sum(layer: Layer) -> str:
    return " + ".join("·".join(map(str, array.shape)) for array in layer.weights.values())


def _cells(row: LayerRow) -> tuple[str, ...]:
    shape = " × ".join(map(str, row.output_shape))
    field = "whole image" if row.receptive_field is None else f"{row.receptive_field}"
    return f"{row.name} ({row.kind})", shape, f"{row.num_parameters:,}", f"{row.multiply_adds:,}", field
