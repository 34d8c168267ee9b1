"""Type aliases for arrays (n images of h × w pixels with c channels, K classes), paths and names, which editors complete."""

import os
from numbers import Real
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Images: TypeAlias = npt.NDArray[np.uint8]
"""(n, h, w, c) uint8, 0 to 255."""
Inputs: TypeAlias = npt.NDArray[np.float32]
"""(n, h, w, c) float32, 0 to 1: the input of a network."""
Labels: TypeAlias = npt.NDArray[np.int64]
"""(n,) int64 class indices."""
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
"""Any floating-point array; the docstring gives its shape."""
PathLike: TypeAlias = str | os.PathLike[str]
"""A path as a string or an ``os.PathLike``."""
RecipeName: TypeAlias = Literal["best", "notebook", "sprint", "standard", "strong"]
EngineChoice: TypeAlias = Literal["auto", "native", "keras"]
Balance: TypeAlias = Literal["none", "prior", "weights"]
IfExists: TypeAlias = Literal["error", "new", "load", "overwrite"]
ExportFormat: TypeAlias = Literal["onnx", "keras", "saved_model", "litert", "hub"]


def is_number(value: Any) -> bool:
    """Return whether ``value`` is a real number, of Python or NumPy, and no boolean."""
    return isinstance(value, Real) and not isinstance(value, bool)
