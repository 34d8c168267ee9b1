"""The wire format of protocol buffers, as much of it as an ONNX file takes: writing only.

A message is its fields one after the other, each a key (number and kind) and a value; that is all there is to it. The
package ``onnx`` could write the files too, but belongs to the export, and a report has to do without.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

VARINT, LENGTH_DELIMITED, FIXED32 = 0, 2, 5
"""Kinds of values on the wire."""


def varint(value: int) -> bytes:
    """Seven bits per byte, the lowest first; negative numbers as 64-bit two's complement."""
    value &= 2**64 - 1
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def integer(number: int, value: int) -> bytes:
    """Field ``number`` of type int32, int64 or enum."""
    return varint(number << 3 | VARINT) + varint(value)


def real(number: int, value: float) -> bytes:
    """Field ``number`` of type float."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


def message(number: int, content: bytes | str) -> bytes:
    """Field ``number`` of type bytes, string or message."""
    encoded = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | LENGTH_DELIMITED) + varint(len(encoded)) + encoded


def messages(number: int, contents: Iterable[bytes | str]) -> bytes:
    """A repeated field."""
    return b"".join(message(number, content) for content in contents)
