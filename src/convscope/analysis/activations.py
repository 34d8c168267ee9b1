"""The output of every layer, and feature maps and kernels of convolution and pooling layers."""

from dataclasses import dataclass

import numpy as np

from ..data.preprocessing import to_inputs
from ..errors import ConfigError
from ..models.network import Network
from ..models.onnx_writer.writer import activations_bytes
from ..models.predictor import INPUTS, open_session
from ..models.receptive_field import WINDOWED
from ..types import Floats, Images, Inputs


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The output of one layer for some images."""

    layer_name: str
    kind: str
    values: Floats
    """(n, h, w, channels) float32."""

    @property
    def num_channels(self) -> int:
        return int(self.values.shape[-1])


def activations(network: Network, inputs: Inputs) -> dict[str, Floats]:
    """Return the output of every layer by name, (n, *output_shape) float32, in layer order, without a back-end.

    ONNX Runtime takes about 10 ms for 20 images (n, h, w, c) in 0..1 and the ``cnn`` of MNIST. The network may be any chain
    of layers. A ConfigError means that a layer or its activation function has no ONNX counterpart here.
    """
    outputs = open_session(activations_bytes(network)).run(None, {INPUTS: np.asarray(inputs, np.float32)})
    return {layer.name: output for layer, output in zip(network.layers, outputs, strict=True)}


def feature_maps(network: Network, images: Images) -> tuple[FeatureMaps, ...]:
    """Return the maps of all convolutions and poolings for ``images`` (n, h, w, c) uint8.

    Empty for a network without any, or with a layer that ONNX Runtime is not given (:mod:`convscope.models.onnx_writer.writer`).
    """
    layers = [layer for layer in network.of_kind(*WINDOWED) if layer.is_spatial]
    if not layers:
        return ()
    try:
        outputs = activations(network, to_inputs(images))
    except ConfigError:  # an unsupported layer
        return ()
    return tuple(FeatureMaps(layer.name, layer.kind, outputs[layer.name]) for layer in layers)


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
    layers = network.of_kind("Conv2D")
    return tuple(Kernels(layer.name, layer.weights["kernel"].transpose(2, 3, 0, 1)) for layer in layers)
