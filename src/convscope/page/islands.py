"""Arrays as text in the page: ``<script type="text/plain" id="…">base64(zlib(bytes))</script>``, decoded when first needed.

Numbers of several bytes are little-endian, with the bytes of each place together: all first bytes, then all second ones,
and so on. The high bytes of weights are much alike, the low ones are noise; apart, they compress a twelfth better.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.record import RunRecord
from .evidence import evidence_arrays
from .weights import weights_arrays

Array = npt.NDArray[Any]
LEVEL = 7
"""Of compression. The highest, 9, takes two seconds more for MNIST's test images, and saves half a percent."""


def make_islands(record: RunRecord) -> Mapping[str, str]:
    """The text of every island of a run's page, by its id: those that the payload names."""
    arrays = {**weights_arrays(record), **evidence_arrays(record)}
    return {name: encode(array) for name, array in arrays.items()}


def encode(array: Array) -> str:
    """The text for ``array``, which keeps its dtype and loses its shape."""
    return base64.b64encode(zlib.compress(planes(array), LEVEL)).decode("ascii")


def planes(array: Array) -> bytes:
    """The elements in row-major order, little-endian, their first bytes before their second ones."""
    elements = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).ravel()
    if elements.itemsize == 1:
        return elements.tobytes()
    return elements.view(np.uint8).reshape(-1, elements.itemsize).T.tobytes()
