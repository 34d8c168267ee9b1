"""Reader for IDX files, the format of MNIST, plain or gzipped.

An IDX file has four bytes (0, 0, type, number of dimensions), one big-endian uint32 per dimension, then the values in row
order. The size that the header declares is compared with the file before memory is allocated.
"""

import gzip
import io
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError, reason_of
from ...formatting import count_of
from ...system import arrays
from ...system.memory import check_memory
from ...types import PathLike
from ..images.formats import MAX_PACKING

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 4
Bytes: TypeAlias = IO[bytes] | gzip.GzipFile
GZIP = b"\x1f\x8b"
AGAIN = "Copy or download it again."


@dataclass(frozen=True)
class IdxHeader:
    """The header of an IDX file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """Bytes of the header."""
        return 4 + 4 * len(self.shape)

    @property
    def num_bytes(self) -> int:
        """Bytes of the values."""
        # Python integers, since the product may exceed 64 bits.
        return self.dtype.itemsize * math.prod(self.shape)


def is_idx(path: PathLike) -> bool:
    """Return whether a file, gzipped or not, begins like IDX."""
    try:
        with Path(path).open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            start = (gzip.GzipFile(fileobj=raw) if packed else raw).read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and 0 < start[3] <= MAX_DIMENSIONS


def read_idx(path: PathLike, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    """Read the array in an IDX file; a large plain file is memory-mapped read-only.

    The array has native byte order. A DatasetError means that the file is missing or damaged, or that its number of
    dimensions is not among ``dimensions``.
    """
    name = repr(str(path))
    try:
        with Path(path).open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            stored = Path(path).stat().st_size
            return _read_packed(raw, stored, name, dimensions) if packed else _read_plain(raw, path, name, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"cannot read {name} as an IDX file ({reason_of(error)}). {AGAIN}") from error


def _read_plain(raw: IO[bytes], path: PathLike, name: str, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    header = _header(raw, name, dimensions)
    found = Path(path).stat().st_size - header.length
    if found != header.num_bytes:
        raise _wrong_size(name, header, f"{found:,}")
    if header.num_bytes >= arrays.LARGE and header.dtype.itemsize == 1:
        return np.memmap(path, header.dtype.newbyteorder("="), "r", header.length, header.shape)
    check_memory(header.num_bytes, name)
    return _native(raw.read(header.num_bytes + 1), name, header)


def _read_packed(raw: IO[bytes], stored: int, name: str, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    with gzip.GzipFile(fileobj=raw) as file:
        header = _header(file, name, dimensions)
        if header.num_bytes > stored * MAX_PACKING:
            raise _wrong_size(name, header, f"at most {stored * MAX_PACKING:,}")
        check_memory(header.num_bytes, name)
        # One byte more, because gzip compares its checksum at the end; never more, whatever follows.
        return _native(_read_up_to(file, header.num_bytes + 1), name, header)


def _read_up_to(file: Bytes, count: int) -> bytes:
    content = io.BytesIO()
    while count and (block := file.read(min(count, 2**20))):
        content.write(block)
        count -= len(block)
    return content.getvalue()


def _native(content: bytes, name: str, header: IdxHeader) -> npt.NDArray[Any]:
    if len(content) != header.num_bytes:
        found = f"{len(content):,}" if len(content) < header.num_bytes else "more"
        raise _wrong_size(name, header, found)
    return np.frombuffer(content, header.dtype).reshape(header.shape).astype(header.dtype.newbyteorder("="), copy=False)


def _header(file: Bytes, name: str, dimensions: tuple[int, ...]) -> IdxHeader:
    start = file.read(4)
    if not start:
        raise DatasetError(f"{name} is empty, not an IDX file. {AGAIN}")
    if start[:1] == b"<":
        raise DatasetError(f"{name} is a web page, not an IDX file. Download the file itself.")
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise DatasetError(
            f"{name} is not an IDX file: it begins with the bytes {start.hex(' ')} instead of 00 00 08. {AGAIN}"
        )
    if start[3] not in dimensions:
        content = {1: "labels", 3: "images", 4: "images"}.get(start[3], "neither images nor labels")
        raise DatasetError(
            f"{name} has {count_of(start[3], 'dimension')} ({content}) instead of {' or '.join(map(str, dimensions))}. "
            "Check whether the files of images and labels are swapped."
        )
    sides = file.read(4 * start[3])
    if len(sides) < 4 * start[3]:
        raise DatasetError(f"{name} ends within its header. {AGAIN}")
    header = IdxHeader(np.dtype(TYPES[start[2]]), struct.unpack(f">{start[3]}I", sides))
    if not header.num_bytes:
        raise DatasetError(f"{name} holds no values: its header declares {_times(header)}. {AGAIN}")
    return header


def _wrong_size(name: str, header: IdxHeader, found: str) -> DatasetError:
    return DatasetError(
        f"{name} is damaged: its header declares {_times(header)}, {header.num_bytes:,} bytes, but {found} follow. {AGAIN}"
    )


def _times(header: IdxHeader) -> str:
    return " × ".join(f"{side:,}" for side in header.shape)
