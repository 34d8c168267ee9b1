"""Arrays mapped from the file they are in, so that a set larger than memory can be trained on.

An archive that ``numpy.savez`` wrote (not ``savez_compressed``) holds each array as it is in memory, behind two headers; an
IDX file that is not packed holds its one behind one. Only pages that are being used are in memory then, and the system takes
them back when it needs room.
"""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..types import PathLike

LARGE = 2**28
"""Bytes from which an array is mapped: 256 MB. Smaller ones are read, which is faster to go through at random."""
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a member in a ZIP archive: signature, … length of its name, length of what else there is. APPNOTE.TXT, 4.3.7."""


@dataclass(frozen=True)
class ArrayHeader:
    """What the first bytes of a ``.npy`` file say, and how many they are."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    length: int

    @property
    def num_bytes(self) -> int:
        """Of the array, counted without overflow."""
        number = self.dtype.itemsize
        for side in self.shape:
            number *= side
        return number


def read_array_header(file: IO[bytes]) -> ArrayHeader:
    """Raises :class:`ValueError` where ``file`` does not begin with one."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = read(file)
    except (ValueError, EOFError, OSError):
        raise
    except Exception as error:  # NumPy has Python parse the text, which fails in many ways
        raise ValueError(f"its header makes no sense ({type(error).__name__})") from error
    if any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return ArrayHeader(shape, fortran, dtype, file.tell())


def map_array(path: PathLike, member: zipfile.ZipInfo) -> npt.NDArray[Any] | None:
    """The array that ``member`` of the archive at ``path`` is, read-only; ``None`` where it has to be read: small, or
    compressed.

    Raises :class:`ValueError` where the member's headers are damaged.
    """
    if member.compress_type != zipfile.ZIP_STORED or member.file_size < LARGE:
        return None
    with Path(path).open("rb") as file:
        file.seek(member.header_offset)
        signature, name_length, extra_length = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise ValueError(f"no member at byte {member.header_offset}")
        file.seek(name_length + extra_length, 1)
        header = read_array_header(file)
    if header.fortran or header.dtype.hasobject or header.length + header.num_bytes > Path(path).stat().st_size:
        raise ValueError(f"{member.filename}: rows of plain numbers, all of them in the file, were expected")
    return np.memmap(path, dtype=header.dtype, mode="r", offset=header.length, shape=header.shape)
