"""Reading ``.npz`` files in the layout of Keras: ``x_train``, ``y_train``, ``x_test``, ``y_test``.

Nothing in the file is ever unpickled, since that can run code.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from ..types import PathLike
from .dataset import Dataset, Provenance, Split

KEYS = ("x_train", "y_train", "x_test", "y_test")


def read_arrays(path: PathLike) -> dict[str, npt.NDArray[Any]]:
    """The four arrays of ``path`` by name. Raises :class:`DatasetError` naming what is missing or damaged."""
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DatasetError(
                    f"{str(path)!r} holds a single array; an .npz archive with {', '.join(KEYS)} was expected."
                )
            missing = [key for key in KEYS if key not in archive.files]
            if missing:
                found = ", ".join(archive.files) or "nothing"
                raise DatasetError(
                    f"{str(path)!r} holds {found}; {', '.join(KEYS)} were expected. "
                    f"Save it with numpy.savez(path, {', '.join(f'{key}=…' for key in KEYS)})."
                )
            return {key: archive[key] for key in KEYS}
    except DatasetError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).split("\n")[0][:160] or type(error).__name__
        raise DatasetError(
            f"{str(path)!r} cannot be read as .npz ({reason}); an undamaged archive of plain arrays was expected. "
            "Copy or download it again."
        ) from error


def read_npz(path: PathLike) -> Dataset:
    """The dataset in ``path``. Images (n, h, w) or (n, h, w, c) of uint8; labels (n,) or (n, 1) of integers from 0."""
    arrays = read_arrays(path)
    splits = [_split(path, arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]
    highest = max(int(split.labels.max(initial=0)) for split in splits)
    class_names = tuple(str(index) for index in range(highest + 1))
    provenance = Provenance(source=str(path), description=f"Arrays from {Path(path).name}")
    return Dataset(Path(path).stem, splits[0], splits[1], class_names, provenance)


def _split(path: PathLike, images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Split:
    if images.dtype != np.uint8:
        raise DatasetError(
            f"{str(path)!r}: images have dtype {images.dtype}; uint8, 0 to 255, was expected. Convert them before saving."
        )
    if images.ndim == 3:
        images = images[..., None]
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return Split(images, labels)
