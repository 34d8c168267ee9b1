"""Reading IDX files, the format of MNIST, plain or packed with gzip.

Four bytes (0, 0, type, number of dimensions), one big-endian uint32 per dimension, then the values in row order. What the
header promises is compared with the size of the file before any memory is spent on it.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from ..types import PathLike
from . import mapped
from .memory import check_memory

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4
Bytes: TypeAlias = IO[bytes] | gzip.GzipFile
GZIP = b"\x1f\x8b"
MOST_PACKING = 1032
"""Deflate makes at most so many bytes out of one."""
AGAIN = "Copy or download it again."


@dataclass(frozen=True)
class IdxHeader:
    """What an IDX file says that it holds."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """Bytes of the header itself."""
        return 4 + 4 * len(self.shape)

    @property
    def num_bytes(self) -> int:
        """Bytes of the values, counted without overflow."""
        number = self.dtype.itemsize
        for side in self.shape:
            number *= side
        return number


def is_idx(path: PathLike) -> bool:
    """Whether a regular file begins as IDX does, packed or not."""
    try:
        with Path(path).open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            start = (gzip.GzipFile(fileobj=raw) if packed else raw).read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and 0 < start[3] <= MOST_DIMENSIONS


def read_idx(path: PathLike, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    """The array in ``path``, in the byte order of this machine; a large plain file is mapped, read-only.

    ``dimensions``: how many may be, as (1,) for labels or (3, 4) for images. Raises :class:`DatasetError` for whatever is not
    exactly that.
    """
    name = repr(str(path))
    try:
        with Path(path).open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            stored = Path(path).stat().st_size
            return _read_packed(raw, stored, name, dimensions) if packed else _read_plain(raw, path, name, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0][:160]
        raise DatasetError(
            f"{name} cannot be read ({reason[:1].lower()}{reason[1:]}); an undamaged IDX file was expected. {AGAIN}"
        ) from error


def _read_plain(raw: IO[bytes], path: PathLike, name: str, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    header = _header(raw, name, dimensions)
    found = Path(path).stat().st_size - header.length
    if found != header.num_bytes:
        raise _wrong_size(name, header, f"{found:,}")
    if header.num_bytes >= mapped.LARGE and header.dtype.itemsize == 1:
        return np.memmap(path, header.dtype.newbyteorder("="), "r", header.length, header.shape)
    check_memory(header.num_bytes, name)
    return _native(raw.read(header.num_bytes + 1), name, header)


def _read_packed(raw: IO[bytes], stored: int, name: str, dimensions: tuple[int, ...]) -> npt.NDArray[Any]:
    with gzip.GzipFile(fileobj=raw) as file:
        header = _header(file, name, dimensions)
        if header.num_bytes > stored * MOST_PACKING:
            raise _wrong_size(name, header, f"at most {stored * MOST_PACKING:,}")
        check_memory(header.num_bytes, name)
        # One byte more, since the end is where the checksum is compared; and no more than that, whatever follows.
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
        raise DatasetError(f"{name} is empty; an IDX file was expected. {AGAIN}")
    if start[:1] == b"<":
        raise DatasetError(f"{name} is a web page, not data; an IDX file was expected. Download the file itself.")
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise DatasetError(
            f"{name} begins with the bytes {start.hex(' ')}; an IDX file, which begins with 00 00 08, was expected. {AGAIN}"
        )
    if start[3] not in dimensions:
        what = (
            "one of labels"
            if start[3] == 1
            else "one of images"
            if start[3] in (3, 4)
            else "neither of images nor of labels"
        )
        raise DatasetError(
            f"{name} is an IDX file of {start[3]} dimensions, {what}; {' or '.join(map(str, dimensions))} were expected. "
            "Check whether files of images and labels were mixed up."
        )
    sides = file.read(4 * start[3])
    if len(sides) < 4 * start[3]:
        raise DatasetError(f"{name} is cut off in its header; a whole IDX file was expected. {AGAIN}")
    header = IdxHeader(np.dtype(TYPES[start[2]]), struct.unpack(f">{start[3]}I", sides))
    if not header.num_bytes:
        raise DatasetError(f"{name} holds nothing: its header says {_times(header)}; at least one was expected. {AGAIN}")
    return header


def _wrong_size(name: str, header: IdxHeader, found: str) -> DatasetError:
    return DatasetError(
        f"{name}: the header says {_times(header)}, {header.num_bytes:,} bytes, but {found} follow it; as many were expected. "
        f"{AGAIN}"
    )


def _times(header: IdxHeader) -> str:
    return " × ".join(f"{side:,}" for side in header.shape)
