"""Named arrays in one ``.npz`` file: written atomically, read without unpickling."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import RunError
from .files import write_bytes

Array = npt.NDArray[Any]


def save_arrays(path: Path, arrays: Mapping[str, npt.ArrayLike], *, compressed: bool = False) -> None:
    """Write ``arrays`` to ``path``, the whole file or nothing."""
    # Compression is worth its time for images only: weights and logits look like noise to it.
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    write_bytes(path, buffer.getvalue())


def load_arrays(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Array]:
    """Load the ``wanted`` arrays of a file of :func:`save_arrays`, or raise a RunError."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if wanted(name)}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise RunError(
            f"cannot read the arrays in {str(path)!r} ({error}). Copy the run folder again, or train again."
        ) from error


def below(arrays: Mapping[str, Array], group: str) -> dict[str, Array]:
    """Return the arrays named ``group/NAME``, keyed by NAME."""
    prefix = group + "/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
