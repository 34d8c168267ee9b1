"""What the channels of a layer make of an image."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.prepare import to_inputs
from ..errors import ConfigError
from ..models.forward import activations
from ..models.network import Network
from ..models.receptive_field import WINDOWED
from ..types import Floats, Images


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The output of one layer for some images: ``values`` (n, h, w, channels) float32."""

    layer_name: str
    kind: str
    values: Floats

    @property
    def num_channels(self) -> int:
        return int(self.values.shape[-1])

    @property
    def largest(self) -> float:
        """Largest activation over all images and channels: one end of a scale that makes them comparable."""
        return float(self.values.max())


def feature_maps(network: Network, images: Images) -> tuple[FeatureMaps, ...]:
    """The maps of every convolution and pooling of ``network`` for ``images`` (n, h, w, c) uint8, in order.

    Empty for a network without any, or with a layer that ONNX Runtime is not given (:mod:`convscope.models.onnx_layers`).
    """
    layers = [layer for layer in network.of_kind(*WINDOWED) if layer.is_spatial]
    if not layers:
        return ()
    try:
        outputs = activations(network, to_inputs(images))
    except ConfigError:  # an unsupported layer
        return ()
    return tuple(FeatureMaps(layer.name, layer.kind, outputs[layer.name]) for layer in layers)
