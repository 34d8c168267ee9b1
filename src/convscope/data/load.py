"""From the word on the command line to a dataset: a known name, or a path."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import ConfigError, DatasetError, unknown_name
from ..run_files import REQUEST
from ..types import PathLike
from .dataset import Dataset
from .digit_sets import settle_digits, with_note
from .fitting import ASKED, Fitting
from .folder import read_folder
from .folder_listing import holds_classes
from .idx import is_idx
from .idx_folder import NAME, find_sets, read_idx_path
from .known import KNOWN
from .known_idx import recognise
from .npz import read_npz
from .reading import DEFAULTS, Loaded, ReadListener, ReadOptions
from .table import SUFFIXES, find_tables, read_table, read_tables

FORMS = "an .npz file, a .csv file, a folder of IDX files, or a folder with a folder of pictures per class"
CLUES = {
    ".zip": "Unpack it and pass the folder",
    ".tar": "Unpack it and pass the folder",
    ".tgz": "Unpack it and pass the folder",
    ".gz": "Unpack it and pass what is in it",
    ".npy": "Save images and labels together: numpy.savez(path, x=…, y=…)",
    ".mat": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".h5": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".parquet": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".keras": "That is a model; data are wanted here",
    ".onnx": "That is a model; data are wanted here",
}


def load_dataset(
    data: PathLike | Dataset,
    reading: ReadOptions = DEFAULTS,
    *,
    progress: ReadListener | None = None,
    fitting: Fitting | None = None,
) -> Dataset:
    """The dataset that ``data`` names: ``"mnist"``, ``"digits"``, ``"fashion"``, ``"kmnist"``, ``"emnist-letters"``,
    ``"emnist-balanced"``; or the path of an ``.npz`` file, a ``.csv`` file, a folder of IDX files, or a folder of pictures.

    ``reading`` says what the data leave open. ``progress`` is called with a :class:`Reading` while pictures are decoded.
    ``fitting``: how a network takes pictures that those of a folder are read for, where ``reading`` leaves it open. A
    :class:`Dataset` is returned as it is. Nothing is ever fetched.

    Raises :class:`DatasetError` for anything else, with the nearest known name, and where data are damaged;
    :class:`ConfigError` where ``reading`` does not fit them.

    >>> convscope.load_dataset("photos", convscope.ReadOptions(image_size=64))
    """
    if isinstance(data, Dataset):
        return data
    name = os.fspath(data)
    if name in KNOWN:
        dataset = _as_told(KNOWN[name](), reading)
        dataset = settle_digits(dataset) if reading.prepare == ASKED else dataset
    else:
        dataset = settle_digits(_read(name, reading, progress, fitting))
    if progress:
        progress(Loaded(dataset.name, dataset.provenance.notes))
    return dataset


def _read(name: str, reading: ReadOptions, progress: ReadListener | None, fitting: Fitting | None) -> Dataset:
    path = Path(name)
    try:
        if path.is_dir():
            return _reader_of_folder(path, progress, fitting)(path, reading)
        if path.is_file():
            return _reader_of_file(path, progress)(path, reading)
        there = os.path.lexists(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatasetError(
            f"{name!r} cannot be opened: {reason[:1].lower()}{reason[1:]}; data that you may read were expected. Check who may."
        ) from error
    if there:
        raise DatasetError(f"{name!r} is neither a file nor a folder, or a link that leads nowhere; {FORMS} was expected.")
    if "://" in name:
        raise DatasetError(
            f"{name!r} is an address, and nothing is fetched; {FORMS} was expected. Download it and pass that."
        )
    if len(path.parts) > 1 or path.suffix or name.endswith(("/", os.sep)):
        raise DatasetError(f"there is nothing at {name!r}; {FORMS} was expected, or one of: {', '.join(sorted(KNOWN))}.")
    raise DatasetError(unknown_name("dataset", name, KNOWN))


def _reader_of_folder(
    path: Path, progress: ReadListener | None, fitting: Fitting | None
) -> Callable[[Path, ReadOptions], Dataset]:
    if (path / REQUEST).is_file():
        raise DatasetError(f"{str(path)!r} is the folder of a run, not data; {FORMS} was expected.")
    if find_sets(path):
        return _read_idx
    tables = find_tables(path)
    if tables and not holds_classes(path):
        return lambda folder, reading: read_tables(folder, reading, progress)

    def read_pictures(folder: Path, reading: ReadOptions) -> Dataset:
        dataset = read_folder(folder, reading, progress, fitting)
        names = ", ".join(table.name for table in tables.values())
        return with_note(dataset, f"left alone, since its pictures lie in folders: {names}") if tables else dataset

    return read_pictures


def _reader_of_file(path: Path, progress: ReadListener | None) -> Callable[[Path, ReadOptions], Dataset]:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz
    if suffix in SUFFIXES:
        return lambda table, reading: read_table(table, reading, progress)
    if NAME.fullmatch(path.name) or is_idx(path):
        return _read_idx
    clue = f" {CLUES[suffix]}." if suffix in CLUES else ""
    raise DatasetError(
        f"{str(path)!r} is no dataset that convscope reads; {FORMS} was expected, or one of: {', '.join(sorted(KNOWN))}.{clue}"
    )


def _read_idx(path: Path, reading: ReadOptions) -> Dataset:
    dataset = read_idx_path(path, reading)
    named = reading.class_names is not None or dataset.class_names != tuple(map(str, range(dataset.num_classes)))
    return dataset if named else recognise(dataset)


def _as_told(dataset: Dataset, reading: ReadOptions) -> Dataset:
    """A known dataset under other names of classes."""
    if reading.image_size not in (None, dataset.image_shape[:2]):
        raise ConfigError(
            f"an image size was asked of {dataset.name}, whose images are {dataset.image_shape[0]} × {dataset.image_shape[1]}; "
            "only folders of pictures are fitted to another size. Leave --image-size out."
        )
    names = reading.class_names or dataset.class_names
    if len(names) != dataset.num_classes:
        raise ConfigError(
            f"{len(names)} class names were given, but {dataset.name} has {dataset.num_classes} classes; as many were expected."
        )
    return replace(dataset, class_names=names, provenance=replace(dataset.provenance, reading=reading))
