"""Convolution kernels in the layout of the figures."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.network import Layer, Network
from ..types import Floats


@dataclass(frozen=True, eq=False)
class Kernels:
    """All kernels of one convolution."""

    layer_name: str
    values: Floats
    """(in_channels, out_channels, kh, kw) float32."""

    @property
    def in_channels(self) -> int:
        return int(self.values.shape[0])

    @property
    def out_channels(self) -> int:
        return int(self.values.shape[1])

    @property
    def largest(self) -> float:
        """Largest magnitude: the end of a colour scale centred at zero."""
        return float(abs(self.values).max())


def kernels(network: Network) -> tuple[Kernels, ...]:
    """Return the kernels of every convolution of ``network``, in order."""
    return tuple(_kernels(layer) for layer in network.of_kind("Conv2D"))


def _kernels(layer: Layer) -> Kernels:
    return Kernels(layer.name, layer.weights["kernel"].transpose(2, 3, 0, 1))
