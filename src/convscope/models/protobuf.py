"""Write the wire format of protocol buffers, as far as an ONNX file needs it.

A message is a sequence of fields, each a key (number and kind) and a value. The package ``onnx`` could write the files too,
but it comes with the export and takes 0.2 s to import, and a report must do without it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

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
