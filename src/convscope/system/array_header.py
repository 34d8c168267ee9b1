"""The header of an array in NumPy's format, read before the array."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import IO, Any

import numpy as np


@dataclass(frozen=True)
class ArrayHeader:
    """The header of a ``.npy`` file, and its length in bytes."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    length: int

    @property
    def num_bytes(self) -> int:
        """Bytes of the array."""
        # Python integers, since the product may exceed 64 bits.
        return self.dtype.itemsize * math.prod(self.shape)


def read_array_header(file: IO[bytes]) -> ArrayHeader:
    """Read the header at the beginning of ``file``; ValueError if it is missing or invalid."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = read(file)
    except (ValueError, EOFError, OSError):
        raise
    except Exception as error:  # NumPy lets Python parse the header, which fails in many ways
        raise ValueError(f"invalid header ({type(error).__name__})") from error
    if any(side < 0 for side in shape):
        raise ValueError(f"invalid shape {shape}")
    return ArrayHeader(shape, fortran, dtype, file.tell())
