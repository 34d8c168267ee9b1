"""Replace the metadata of an ONNX file, without ``onnx`` or ONNX Runtime.

A protocol buffer is a sequence of fields with a number each; the metadata are those with number 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import RunError
from ..models.protobuf import FIXED32, LENGTH_DELIMITED, VARINT, message, messages

METADATA = 14
"""Field number of ``metadata_props`` in a ``ModelProto``."""
FIXED64 = 1
SIZES = {FIXED32: 4, FIXED64: 8}


def with_metadata(model: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an ONNX file with other metadata.

    Raises:
        RunError: ``model`` is no ONNX file.
    """
    kept = b"".join(content for number, content in _fields(model) if number != METADATA)
    return kept + messages(METADATA, (message(1, key) + message(2, value) for key, value in metadata.items()))


def _fields(model: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of every top-level field."""
    place = 0
    while place < len(model):
        start = place
        key, place = _varint(model, place)
        kind = key & 7
        if kind == VARINT:
            _, place = _varint(model, place)
        elif kind == LENGTH_DELIMITED:
            length, place = _varint(model, place)
            place += length
        elif kind in SIZES:
            place += SIZES[kind]
        else:
            raise _damaged()
        if place > len(model):
            raise _damaged()
        yield key >> 3, model[start:place]


def _varint(model: bytes, place: int) -> tuple[int, int]:
    """Return the integer that starts at ``place``, and the place behind it."""
    value = shift = 0
    while place < len(model) and shift < 64:
        octet = model[place]
        value, shift, place = value | (octet & 0x7F) << shift, shift + 7, place + 1
        if octet < 0x80:
            return value, place
    raise _damaged()


def _damaged() -> RunError:
    return RunError("the network is no ONNX file or is damaged. Copy the run folder again, or train again.")
