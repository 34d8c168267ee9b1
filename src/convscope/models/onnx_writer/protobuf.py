"""Write the wire format of protocol buffers, as far as an ONNX file needs it.

A message is a sequence of fields, each a key (number and kind) and a value. The package ``onnx`` could write the files too,
but it comes with the export and takes 0.2 s to import, and a report must do without it.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping

from ...errors import RunError

VARINT, LENGTH_DELIMITED, FIXED32 = 0, 2, 5
"""Wire types of values."""


def varint(value: int) -> bytes:
    """Encode an integer as a varint, a negative one as 64-bit two's complement."""
    value &= 2**64 - 1
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def integer(number: int, value: int) -> bytes:
    """Encode a field of type int32, int64 or enum."""
    return varint(number << 3 | VARINT) + varint(value)


def real(number: int, value: float) -> bytes:
    """Encode a field of type float."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


def message(number: int, content: bytes | str) -> bytes:
    """Encode a field of type bytes, string or message."""
    encoded = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | LENGTH_DELIMITED) + varint(len(encoded)) + encoded


def messages(number: int, contents: Iterable[bytes | str]) -> bytes:
    """Encode a repeated field."""
    return b"".join(message(number, content) for content in contents)


METADATA = 14
"""Field number of ``metadata_props`` in a ``ModelProto``."""
FIXED64 = 1
SIZES = {FIXED32: 4, FIXED64: 8}


def with_metadata(model: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an ONNX file with other metadata; RunError if it is no ONNX file."""
    kept = b"".join(content for number, content in _fields(model) if number != METADATA)
    return kept + messages(METADATA, (message(1, key) + message(2, value) for key, value in metadata.items()))


def _fields(model: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(model):
        start = offset
        key, offset = _varint(model, offset)
        kind = key & 7
        if kind == VARINT:
            _, offset = _varint(model, offset)
        elif kind == LENGTH_DELIMITED:
            length, offset = _varint(model, offset)
            offset += length
        elif kind in SIZES:
            offset += SIZES[kind]
        else:
            raise _damaged()
        if offset > len(model):
            raise _damaged()
        yield key >> 3, model[start:offset]


def _varint(model: bytes, offset: int) -> tuple[int, int]:
    """Return the integer that starts at ``offset``, and the offset behind it."""
    value = shift = 0
    while offset < len(model) and shift < 64:
        octet = model[offset]
        value, shift, offset = value | (octet & 0x7F) << shift, shift + 7, offset + 1
        if octet < 0x80:
            return value, offset
    raise _damaged()


def _damaged() -> RunError:
    return RunError("the network is no ONNX file or is damaged. Copy the run folder again, or train again.")
