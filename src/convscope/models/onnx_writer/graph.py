"""Build an ONNX model node by node, each applied to the output before it or to one that was kept.

Keras keeps the channels of an image last, ONNX first. The graph knows where they are at the moment and transposes only
when the next node needs the other order.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..._version import __version__
from ..network import IMAGE, Layer, Shape, Weights
from ..predictor import INPUTS
from .protobuf import integer, message, messages, real

# Those of ONNX 1.10 (2021): enough for every layer here, and old enough for old runtimes.
IR_VERSION, OPSET = 8, 15
PRODUCER = "convscope"
FLOAT, INT64 = 1, 7
"""Numbers of ONNX' element types."""
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS = 1, 2, 7
"""Numbers of ONNX' attribute types."""
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""Axes that move the channels before the rows, and after the columns."""
Attribute = int | float | Sequence[int]
Constant = npt.NDArray[np.generic]


class Graph:
    """Nodes and constants; ``current`` names the value that the next node is applied to."""

    def __init__(self, weights: Mapping[str, Weights]) -> None:
        """Start a graph whose layers take their ``weights`` by ``layer/weight``."""
        self.current: str = INPUTS
        self._weights = weights
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._outputs: list[bytes] = []
        self._scope = ""
        self._times: dict[str, int] = {}
        self._is_channels_first = False
        self._kept: dict[str, tuple[str, bool, int]] = {IMAGE: (INPUTS, False, 3)}

    def begin(self, layer: Layer) -> None:
        """Name nodes and constants after ``layer`` from here on."""
        self._scope = layer.name

    def keep(self, layer: Layer) -> None:
        """Keep the current value as the output of ``layer``."""
        self._kept[layer.name] = self.current, self._is_channels_first, len(layer.output_shape)

    def go_to(self, name: str) -> int:
        """Make the output of the layer ``name`` the current value; return its number of axes without the batch."""
        self.current, self._is_channels_first, axes = self._kept[name]
        return axes

    def weight(self, layer: Layer, name: str, *, default: Weights | None = None) -> Weights:
        """Return a weight of ``layer``, or ``default`` if the layer has none of that name."""
        if default is not None and name not in layer.weights:
            return default
        return self._weights[f"{layer.name}/{name}"]

    def node(self, kind: str, *operands: Constant | str, **settings: Attribute) -> None:
        """Apply ``kind`` to the current value and to constants or earlier values."""
        inputs = [self.current, *(each if isinstance(each, str) else self.constant(each) for each in operands)]
        self.current = self._name(kind)
        attributes = messages(5, (_attribute(name, value) for name, value in settings.items()))
        self._nodes.append(
            messages(1, inputs) + message(2, self.current) + message(3, self.current) + message(4, kind) + attributes
        )

    def constant(self, array: Constant, name: str = "constant") -> str:
        """Store ``array`` as int64 or float32 and return its name, ``layer/name``."""
        name, is_integer = self._name(name), np.issubdtype(array.dtype, np.integer)
        raw = np.ascontiguousarray(array, "<i8" if is_integer else "<f4").tobytes()
        dimensions = b"".join(integer(1, size) for size in array.shape)
        self._constants.append(dimensions + integer(2, INT64 if is_integer else FLOAT) + message(8, name) + message(9, raw))
        return name

    def _name(self, name: str) -> str:
        """Return ``layer/name``, with a number from the second on."""
        name = f"{self._scope}/{name}"
        self._times[name] = times = self._times.get(name, 0) + 1
        return name if times == 1 else self._name(f"{name.rpartition('/')[2]}_{times}")

    def publish(self, name: str, shape: Shape, *, value: str | None = None) -> None:
        """Make ``value``, by default the current one, an output with ``shape`` per image."""
        self._nodes.append(message(1, value or self.current) + message(2, name) + message(3, name) + message(4, "Identity"))
        self._outputs.append(_value(name, shape))

    def channels_first(self) -> None:
        """Transpose the current value to (n, c, h, w), unless it is."""
        if not self._is_channels_first:
            self.node("Transpose", perm=TO_FIRST)
        self._is_channels_first = True

    def channels_last(self) -> None:
        """Transpose the current value to (n, h, w, c), unless it is."""
        if self._is_channels_first:
            self.node("Transpose", perm=TO_LAST)
        self._is_channels_first = False

    def to_bytes(self, name: str, input_shape: Shape, metadata: Mapping[str, str], description: str = "") -> bytes:
        """Return the serialized model, for inputs (n, *input_shape)."""
        content = messages(1, self._nodes) + message(2, name) + messages(5, self._constants)
        content += message(11, _value(INPUTS, input_shape)) + messages(12, self._outputs)
        entries = messages(14, (message(1, key) + message(2, value) for key, value in metadata.items()))
        opset = message(8, message(1, "") + integer(2, OPSET))
        producer = message(2, PRODUCER) + message(3, __version__) + message(6, description)
        return integer(1, IR_VERSION) + producer + opset + message(7, content) + entries


def _value(name: str, shape: Shape) -> bytes:
    """Return name, type and shape of an input or output; the number of images stays open."""
    dimensions = [message(2, "n"), *(integer(1, size) for size in shape)]
    tensor = integer(1, FLOAT) + message(2, messages(1, dimensions))
    return message(1, name) + message(2, message(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    start = message(1, name)
    if isinstance(value, float):
        return start + real(2, value) + integer(20, ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return start + integer(3, value) + integer(20, ATTRIBUTE_INT)
    return start + b"".join(integer(8, each) for each in value) + integer(20, ATTRIBUTE_INTS)
