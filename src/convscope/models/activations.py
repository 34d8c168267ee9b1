"""The output of every layer of a network, computed without a back-end."""

import numpy as np
import numpy.typing as npt

from ..types import Inputs
from .network import Network
from .onnx_writer.writer import activations_bytes
from .predictor import INPUTS, open_session

Array = npt.NDArray[np.float32]


def activations(network: Network, inputs: Inputs) -> dict[str, Array]:
    """Return the output of every layer by name, (n, *output_shape) float32, in layer order.

    ONNX Runtime takes about 10 ms for 20 images (n, h, w, c) in 0..1 and the ``cnn`` of MNIST. The network may be any chain
    of layers. A ConfigError means that a layer or its activation function has no ONNX counterpart here.
    """
    session = open_session(activations_bytes(network))
    outputs = session.run(None, {INPUTS: np.asarray(inputs, np.float32)})
    return {layer.name: output for layer, output in zip(network.layers, outputs, strict=True)}
