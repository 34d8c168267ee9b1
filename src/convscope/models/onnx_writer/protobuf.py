"""Write and read the wire format of protocol buffers, as far as an ONNX file needs it.

A message is a sequence of fields, each a key (number and kind) and a value. The package ``onnx`` could write the files too,
but it comes with the export and takes 0.2 s to import, and a report must do without it.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    number: int
    kind: int
    value: int | memoryview
    """The integer of a varint, else the bytes of the value."""
    whole: memoryview
    """Key and value as they stand in the message."""


def with_metadata(model: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an ONNX file with other metadata; RunError if it is no ONNX file."""
    return without_metadata(model) + messages(
        METADATA, (message(1, key) + message(2, value) for key, value in metadata.items())
    )


def without_metadata(model: bytes) -> bytes:
    """Return the content of an ONNX file that computes; RunError if it is no ONNX file."""
    return b"".join(field.whole for field in fields(memoryview(model)) if field.number != METADATA)


def read_metadata(model: bytes) -> dict[str, str]:
    """Return the metadata of an ONNX file; RunError if it is no ONNX file, TypeError or ValueError for what is no text."""
    found = {}
    for entry in fields(memoryview(model)):
        if entry.number == METADATA:
            texts = {part.number: str(part.value, "utf-8") for part in fields(entry.value)}  # type: ignore[arg-type]
            found[texts.get(1, "")] = texts.get(2, "")
    return found


def fields(content: memoryview) -> Iterator[Field]:
    """Yield every field of a message; RunError where there is none."""
    offset = 0
    while offset < len(content):
        start = offset
        key, offset = read_varint(content, offset)
        kind, value = key & 7, 0
        begin = offset
        if kind == VARINT:
            value, offset = read_varint(content, offset)
        elif kind == LENGTH_DELIMITED:
            length, begin = read_varint(content, offset)
            offset = begin + length
        elif kind in SIZES:
            offset += SIZES[kind]
        else:
            raise _damaged()
        if offset > len(content):
            raise _damaged()
        yield Field(key >> 3, kind, value if kind == VARINT else content[begin:offset], content[start:offset])


def read_varint(content: memoryview, offset: int) -> tuple[int, int]:
    """Return the integer that starts at ``offset``, and the offset behind it."""
    value = shift = 0
    while offset < len(content) and shift < 64:
        octet = content[offset]
        value, shift, offset = value | (octet & 0x7F) << shift, shift + 7, offset + 1
        if octet < 0x80:
            return value, offset
    raise _damaged()


def _damaged() -> RunError:
    return RunError("the network is no ONNX file or is damaged. Copy the run folder again, or train again.")
