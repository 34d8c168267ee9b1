"""Memory-mapped arrays, for training on datasets larger than memory.

An archive written by ``numpy.savez`` (not ``savez_compressed``) holds each array as it is in memory, after two headers; a plain
IDX file holds one array after one header.
"""

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...system.arrays import read_array_header
from ...types import PathLike

LARGE = 2**28
"""Smallest array that is mapped, in bytes. Smaller ones are read, because random access is faster in memory."""
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Local header of a ZIP member: signature, length of name, length of extra field (APPNOTE.TXT, 4.3.7)."""


def map_array(path: PathLike, member: zipfile.ZipInfo) -> npt.NDArray[Any] | None:
    """Map a member of a ``.npz`` archive read-only; return None if it is small or compressed.

    A ValueError means that the headers of the member are damaged.
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
        raise ValueError(f"{member.filename} is incomplete, or not plain numbers in row order")
    return np.memmap(path, dtype=header.dtype, mode="r", offset=header.length, shape=header.shape)
