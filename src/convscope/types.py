"""Aliases for the arrays that travel between rooms. N images, H × W pixels, C channels, K classes."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Images: TypeAlias = npt.NDArray[np.uint8]
"""(n, h, w, c) uint8, 0..255."""

Inputs: TypeAlias = npt.NDArray[np.float32]
"""(n, h, w, c) float32, 0..1: what a network is given."""

Labels: TypeAlias = npt.NDArray[np.int64]
"""(n,) index of the true class."""

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
"""Any floating array; the docstring says its shape."""

PathLike: TypeAlias = str | os.PathLike[str]
"""Whatever names a file."""
