"""Named arrays in one ``.npz`` file: written whole or not at all, read without ever unpickling anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import RunError
from .files import write_bytes

Array = npt.NDArray[Any]


def save_arrays(path: Path, arrays: Mapping[str, npt.ArrayLike], *, compressed: bool = False) -> None:
    """Write ``arrays`` to ``path``. Compression pays for pictures; to it, weights and logits are noise."""
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    write_bytes(path, buffer.getvalue())


def load_arrays(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Array]:
    """The inverse of :func:`save_arrays`; of those ``wanted`` by name alone. Raises :class:`RunError` for any other file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if wanted(name)}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise RunError(
            f"{str(path)!r} cannot be read ({error}); arrays that convscope wrote were expected. "
            "Copy the run folder again, or train again."
        ) from error


def below(arrays: Mapping[str, Array], group: str) -> dict[str, Array]:
    """The arrays named ``group/NAME``, by NAME."""
    start = group + "/"
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
