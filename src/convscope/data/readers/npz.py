"""Reader for ``.npz`` files.

The arrays are ``x_train``, ``y_train``, ``x_test`` and ``y_test``, as Keras names them, perhaps with ``x_val`` and ``y_val``; or
``x`` and ``y``. Capitals make no difference, and MedMNIST's names are known. Nothing is unpickled, because unpickling can run code.
"""

import zipfile
from collections.abc import Collection, Container, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError, reason_of
from ...formatting import join_words, printable
from ...system.arrays import DAMAGE, PACKINGS, ArrayHeader, map_array, read_array_header, read_member
from ...system.memory import check_memory, in_bytes
from ...types import PathLike
from ..dataset import MAX_NAME, Dataset, check_class_names
from ..images.formats import MAX_PACKING
from ..read_options import DEFAULTS, MAX_CLASSES, ReadOptions
from .assemble import DatasetSource, RawSplit, assemble_splits, rows_of

KEYS = ("x_train", "y_train", "x_test", "y_test")
LAYOUTS = (KEYS, KEYS[:2], ("x", "y"))
"""Accepted sets of arrays, in order of preference. Without a test split, one is held out."""
VALIDATION = ("x_val", "y_val")
ALIASES = {f"{split}_{what}": f"{axis}_{split}" for split in ("train", "val", "test") for what, axis in
           (("images", "x"), ("labels", "y"))}  # fmt: skip
"""MedMNIST's names."""
NAMES = "class_names"
"""Optional array of texts."""
MAX_CODE, SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)


def read_arrays(path: PathLike, keys: Sequence[str] = KEYS) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays ``keys`` by name; large uncompressed ones are memory-mapped.

    A missing or damaged array is a DatasetError before memory is allocated.
    """
    return _open(path, (tuple(keys),))


def read_npz(path: PathLike, options: ReadOptions = DEFAULTS) -> Dataset:
    """Read a dataset from arrays that ``to_uint8_images`` and ``index_labels`` accept."""
    arrays = _open(path, (*LAYOUTS, KEYS[2:]) if options.all_as_test else LAYOUTS)
    images, labels = next(pair for pair in (KEYS[:2], ("x", "y"), KEYS[2:]) if pair[0] in arrays)
    names = class_names_in(arrays[NAMES], repr(str(path))) if NAMES in arrays else None
    with zipfile.ZipFile(path) as archive:
        notes = tuple(f"ignored {key}, which has no labels" for key in _unlabelled(_members(path, archive)))
    origin = DatasetSource(str(path), f"Arrays from {Path(path).name}", class_names=names, notes=notes)
    parts = {"train": _part(arrays, images, labels)}
    if images == KEYS[0]:
        others = {"val": VALIDATION, "test": KEYS[2:]}
        parts |= {split: _part(arrays, *keys) for split, keys in others.items() if keys[0] in arrays}
    return assemble_splits(origin, parts, options)


def refuse_left_out(names: Container[str], where: str) -> None:
    """Raise a DatasetError where half a pair of images and labels, or one of two pairs for the training, would be left out."""
    for pair in (KEYS[2:], VALIDATION):
        held, missing = ([name for name in pair if (name in names) == is_held] for is_held in (True, False))
        if held and missing:
            raise DatasetError(f"{where} holds {held[0]} without {missing[0]}. Give both, or neither.")
    others = [name for name in (*KEYS, *VALIDATION) if name in names]
    if "x" in names and "y" in names and others:
        remedy = "Keep one of the two pairs" if others[0] in KEYS[:2] else "Rename them to x_train and y_train"
        raise DatasetError(f"{where} holds x and y besides {join_words(others)}. {remedy}.")


def read_images(path: PathLike) -> tuple[str, npt.NDArray[Any]]:
    """Return the name and the content of ``x_test``, or of ``x``, for images to classify."""
    arrays = _open(path, (("x_test",), ("x",)))
    return next((key, arrays[key]) for key in ("x_test", "x") if key in arrays)


def class_names_in(names: npt.NDArray[Any], where: str) -> tuple[str, ...]:
    """Return the names in the array ``class_names`` of ``where``; DatasetError for what is no row of texts."""
    if names.dtype.kind == "S":
        names = np.char.decode(names, "utf-8", "backslashreplace")
    if names.ndim != 1 or names.dtype.kind not in "Uiu":
        raise DatasetError(
            f"{NAMES} in {where} must be a row of texts; got shape {names.shape} {names.dtype}. Save one name per class."
        )
    texts = tuple(map(str, names[: MAX_CLASSES + 1].tolist()))
    check_class_names(texts, where)
    return texts


def _part(arrays: dict[str, npt.NDArray[Any]], images: str, labels: str) -> RawSplit:
    return RawSplit(arrays[images], arrays[labels], rows_of(images, arrays[images]) if arrays[images].ndim else None)


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
        raise DatasetError(f"cannot read {str(path)!r} as .npz ({reason_of(error)}). Copy or download it again.") from error


def _members(path: PathLike, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        key = ALIASES.get(name.lower(), name.lower())
        if key in members:
            raise DatasetError(f"{str(path)!r} holds {name!r} twice. Save it again.")
        members[key] = member
    return members


def _unlabelled(members: Collection[str]) -> list[str]:
    """Return the images without labels in a file, as competitions have them; none if an array of another name may be the labels."""
    others = {*members}.difference(*LAYOUTS, VALIDATION, {NAMES})
    return [x for x, y in (KEYS[2:], VALIDATION) if x in members and y not in members and not others]


def _layout(
    path: PathLike, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], layouts: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    if len(layouts) > 1:
        refuse_left_out(members.keys() - _unlabelled(members), repr(str(path)))
    for layout in layouts:
        if all(key in members for key in layout):
            optional = (NAMES, *VALIDATION * (VALIDATION[1] in members and layout[0] == KEYS[0]))
            return (*layout, *[key for key in optional if key in members and len(layouts) > 1])
    found = ", ".join(_described(archive, member) for member in list(members.values())[:12]) or "nothing"
    wanted = layouts[0]
    others = f" (or {', or '.join(map(join_words, layouts[1:]))})" if len(layouts) > 1 else ""
    raise DatasetError(
        f"{str(path)!r} must hold {join_words(wanted)}{others}; found {found}. "
        f"Save it with numpy.savez(path, {', '.join(f'{key}=…' for key in wanted)})."
    )


def _described(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    key = printable(member.filename.removesuffix(".npy"))
    if member.compress_type not in PACKINGS:
        return key
    try:
        with archive.open(member) as file:
            header = read_array_header(file)
    except DAMAGE:
        return key
    return f"{key} {header.shape} {header.dtype}"


def _header(path: PathLike, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ArrayHeader:
    """Read the header of an array; reject pickles and sizes that the archive cannot hold."""
    key = member.filename.removesuffix(".npy")
    if member.compress_type not in PACKINGS:
        raise DatasetError(
            f"{key} in {str(path)!r} is compressed in a way that NumPy does not write. Save it with numpy.savez_compressed."
        )
    with archive.open(member) as file:
        header = read_array_header(file)
    needed = header.num_bytes
    if header.dtype.kind in "SU" and header.dtype.itemsize > 4 * MAX_NAME:
        raise DatasetError(
            f"{key} in {str(path)!r} has room for texts of {header.dtype.itemsize:,} bytes, but at most {4 * MAX_NAME:,} are "
            "supported. Save shorter ones."
        )
    if header.dtype.hasobject:
        raise DatasetError(
            f"{key} in {str(path)!r} holds pickled Python objects, which convscope does not open because they can run code. Save "
            f"plain numbers or texts: numpy.array({key}.tolist())."
        )
    stored = member.file_size - header.length
    if needed != stored or stored > member.compress_size * MAX_PACKING:
        raise DatasetError(
            f"{str(path)!r} is damaged: {key} declares {header.shape} {header.dtype}, {in_bytes(needed)}, but stores "
            f"{in_bytes(stored)} in {in_bytes(member.compress_size)}. Copy or download it again."
        )
    return header


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    array = read_member(archive, member)
    if array.dtype.kind == "U" and array.size:
        codes = np.frombuffer(array.astype(array.dtype.newbyteorder("=")).tobytes(), np.uint32)
        if (codes > MAX_CODE).any() or ((codes >= SURROGATES[0]) & (codes <= SURROGATES[1])).any():
            raise ValueError(f"{member.filename} holds texts that are no Unicode")
    return array
