"""From the word on the command line to a dataset: a known name, or a path."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DatasetError, unknown_name
from ..types import PathLike
from .dataset import Dataset
from .known import KNOWN
from .npz import read_npz


def load_dataset(data: PathLike | Dataset) -> Dataset:
    """The dataset that ``data`` names: ``"mnist"``, ``"digits"``, or the path of an ``.npz`` file in Keras' layout.

    A :class:`Dataset` is returned as it is. Raises :class:`DatasetError` for anything else, with the nearest known name.
    """
    if isinstance(data, Dataset):
        return data
    name = os.fspath(data)
    if name in KNOWN:
        return KNOWN[name]()
    path = Path(name)
    if path.suffix == ".npz" and path.is_file():
        return read_npz(path)
    if path.exists():
        raise DatasetError(
            f"{name!r} is no dataset that convscope reads; an .npz file with x_train, y_train, x_test, y_test "
            f"was expected, or one of: {', '.join(sorted(KNOWN))}."
        )
    if len(path.parts) > 1 or path.suffix:
        raise DatasetError(
            f"there is nothing at {name!r}; an .npz file was expected, or one of: {', '.join(sorted(KNOWN))}."
        )
    raise DatasetError(unknown_name("dataset", name, KNOWN))
