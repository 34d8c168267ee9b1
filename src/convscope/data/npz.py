"""Reading ``.npz`` files: in the layout of Keras, ``x_train``, ``y_train``, ``x_test``, ``y_test``; or ``x`` and ``y``.

Nothing in the file is ever unpickled, since that can run code.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from ..types import PathLike
from .composing import Origin, Part, compose
from .dataset import Dataset
from .mapped import ArrayHeader, map_array, read_array_header
from .memory import check_memory, in_bytes
from .reading import DEFAULTS, ReadOptions

KEYS = ("x_train", "y_train", "x_test", "y_test")
LAYOUTS = (KEYS, KEYS[:2], ("x", "y"))
"""Which arrays make a dataset, the most telling first; without a test split one is held out."""
NAMES = "class_names"
"""An array of texts that may lie beside them."""
MOST_PACKING = 1032
"""Deflate makes at most so many bytes out of one."""
DAMAGE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def read_arrays(path: PathLike, keys: Sequence[str] = KEYS) -> dict[str, npt.NDArray[Any]]:
    """The arrays ``keys`` of ``path`` by name; large ones that are not compressed are mapped from the file.

    Raises :class:`DatasetError` naming what is missing or damaged, before any memory is spent on what a header claims.
    """
    return _open(path, (tuple(keys),))


def read_npz(path: PathLike, options: ReadOptions = DEFAULTS) -> Dataset:
    """The dataset in ``path``. Images as ``levels.to_images`` takes them, labels as ``labels.index_labels`` does.

    Raises :class:`DatasetError`.
    """
    arrays = _open(path, LAYOUTS)
    images, labels = ("x", "y") if "x" in arrays else KEYS[:2]
    names = tuple(map(str, arrays[NAMES].ravel().tolist())) if NAMES in arrays else None
    origin = Origin(str(path), f"Arrays from {Path(path).name}", class_names=names)
    test = Part(arrays[KEYS[2]], arrays[KEYS[3]]) if KEYS[2] in arrays else None
    return compose(origin, Part(arrays[images], arrays[labels]), test, options)


def _open(path: PathLike, layouts: Sequence[Sequence[str]]) -> dict[str, npt.NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            keys = _layout(path, archive, members, layouts)
            headers = {key: _header(path, archive, members[key]) for key in keys}
            arrays = {key: map_array(path, members[key]) for key in keys}
            unread = [key for key, array in arrays.items() if array is None]
            check_memory(sum(headers[key].num_bytes for key in unread), repr(str(path)))
            return {key: _read(archive, members[key]) if array is None else array for key, array in arrays.items()}
    except DatasetError:
        raise
    except DAMAGE as error:
        reason = str(error).split("\n")[0][:160] or type(error).__name__
        raise DatasetError(
            f"{str(path)!r} cannot be read as .npz ({reason}); an undamaged archive of plain arrays was expected. "
            "Copy or download it again."
        ) from error


def _members(path: PathLike, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        key = member.filename.removesuffix(".npy")
        if key in members:
            raise DatasetError(f"{str(path)!r} holds {key!r} twice; each array once was expected. Save it again.")
        members[key] = member
    return members


def _layout(
    path: PathLike, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], layouts: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    for layout in layouts:
        if all(key in members for key in layout):
            return (*layout, NAMES) if NAMES in members and len(layouts) > 1 else tuple(layout)
    found = ", ".join(_described(archive, key, member) for key, member in list(members.items())[:12]) or "nothing"
    wanted = layouts[0]
    others = " (or x_train and y_train, or x and y)" if len(layouts) > 1 else ""
    raise DatasetError(
        f"{str(path)!r} holds {found}; {', '.join(wanted)}{others} were expected. "
        f"Save it with numpy.savez(path, {', '.join(f'{key}=…' for key in wanted)})."
    )


def _described(archive: zipfile.ZipFile, key: str, member: zipfile.ZipInfo) -> str:
    try:
        with archive.open(member) as file:
            header = read_array_header(file)
    except DAMAGE:
        return key
    return f"{key} {header.shape} {header.dtype}"


def _header(path: PathLike, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ArrayHeader:
    """Of an array that can be there in full: no lie, and no pickle."""
    with archive.open(member) as file:
        header = read_array_header(file)
    key, needed = member.filename.removesuffix(".npy"), header.num_bytes
    if header.dtype.hasobject:
        raise DatasetError(
            f"{str(path)!r}: {key} holds pickled Python objects, which are never opened, because that can run code; plain "
            f"numbers were expected. Save it as such: numpy.asarray({key}, numpy.uint8)."
        )
    stored = member.file_size - header.length
    if needed != stored or stored > member.compress_size * MOST_PACKING:
        raise DatasetError(
            f"{str(path)!r}: {key} declares {header.shape} {header.dtype}, {in_bytes(needed)}, but {in_bytes(stored)} are stored "
            f"in {in_bytes(member.compress_size)}; as many were expected. The file is damaged: copy or download it again."
        )
    return header


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(member) as file:
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        file.read(1)  # the end, where the checksum is compared
    return array
