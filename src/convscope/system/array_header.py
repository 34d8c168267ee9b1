"""The header of an array in NumPy's format, read before the array."""

import io
import math
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

MAX_HEADER = 2**16
"""Bytes of the header of an array, which names its shape and type."""


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
    is_first = version == (1, 0)
    read = np.lib.format.read_array_header_1_0 if is_first else np.lib.format.read_array_header_2_0
    head = file.read(2 if is_first else 4)
    length = int.from_bytes(head, "little")
    if length > MAX_HEADER:  # NumPy would read it first
        raise ValueError(f"a header of {length:,} bytes")
    try:
        shape, fortran, dtype = read(io.BytesIO(head + file.read(length)))
    except (ValueError, EOFError, OSError):
        raise
    except Exception as error:  # NumPy lets Python parse the header, which fails in many ways
        raise ValueError(f"invalid header ({type(error).__name__})") from error
    if any(type(side) is not int or not 0 <= side < 2**63 for side in shape):
        raise ValueError(f"invalid shape {shape}")
    return ArrayHeader(shape, fortran, dtype, file.tell())
