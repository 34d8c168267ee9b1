"""Load a dataset from a known name or a path, or that of an existing run."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DatasetError, option, reason_of, unknown_name
from ..formatting import composed, shorten_list
from ..system.arguments import checked
from ..system.near_paths import did_you_mean, near_path
from ..system.regular_files import kind_of
from .dataset import IN_MEMORY, Data, Dataset
from .digits.recognize_dataset import resolve_digit_preprocessing, with_note
from .known.builtin import KNOWN, describe_if_known, load_digits
from .orientation import transpose_dataset
from .preprocessing import ASKED, ImagePreprocessor
from .read_options import DEFAULTS, DatasetLoaded, ReadListener, ReadOptions
from .readers.assemble import refuse_test_share
from .readers.csv import SUFFIXES, find_tables, read_table, read_tables
from .readers.csv_layout import looks_like_table
from .readers.idx import is_idx
from .readers.idx_folder import NAME, find_sets, read_idx_path
from .readers.image_folder import read_folder
from .readers.image_folder_listing import holds_classes
from .readers.in_memory import from_memory
from .readers.npz import read_npz

FORMS = "an .npz file, a .csv file, a folder of IDX files, or a folder with one folder of image files per class"
"""Accepted forms of data, for error messages."""
CLUES = {
    ".zip": "Unpack it and pass the folder",
    ".tar": "Unpack it and pass the folder",
    ".tgz": "Unpack it and pass the folder",
    ".gz": "Unpack it and pass the contents",
    ".npy": "Save images and labels together: numpy.savez(path, x=…, y=…)",
    ".mat": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".h5": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".parquet": "Save it from Python: numpy.savez(path, x=…, y=…)",
    ".keras": "This is a model, not data",
    ".onnx": "This is a model, not data",
}
"""Remedies by suffix of a file in an unsupported format."""


@checked
def load_dataset(
    data: Data,
    reading: ReadOptions = DEFAULTS,
    *,
    progress: ReadListener | None = None,
    preprocessor: ImagePreprocessor | None = None,
) -> Dataset:
    """Load a dataset by its known name or from a path. Nothing is downloaded.

    >>> convscope.load_dataset("photos", convscope.ReadOptions(image_size=64))

    Args:
        data: ``"mnist"``, ``"digits"``, ``"fashion"``, ``"kmnist"``, ``"emnist-letters"`` or ``"emnist-balanced"``; the path
            of an ``.npz`` file, a ``.csv`` file, a folder of IDX files or a folder of image files; arrays in memory, such as
            ``(x, y)``, ``((x_train, y_train), (x_test, y_test))`` as ``keras.datasets`` returns them, or a finite
            ``tf.data.Dataset``; or a :class:`Dataset`, which is returned unchanged.
        reading: Options for what the data leave open.
        progress: Called with :class:`ReadProgress` while image files are decoded, and :class:`DatasetLoaded` at the end.
        preprocessor: That of an existing network, used for image files unless ``reading`` asks for another one.

    Raises:
        DatasetError: The data are unknown, missing or damaged.
        ConfigError: ``reading`` does not fit the data.
    """
    if isinstance(data, Dataset):
        refuse_test_share(reading, data.name)
        return data
    refuse_ambiguous_name(data)
    name = os.fsdecode(data) if isinstance(data, (str, os.PathLike)) else None
    if name in KNOWN and not (isinstance(data, os.PathLike) and os.path.lexists(name)):
        if reading.pixel_range is not None or reading.transpose:
            raise ConfigError(f"the pixels of {name} are known. Drop {option('pixel_range')} and {option('transpose')}.")
        dataset = load_known(name, reading)
    else:
        dataset = from_memory(data, reading) if name is None else _read(name, reading, progress, preprocessor)
        dataset = resolve_digit_preprocessing(transpose_dataset(dataset) if reading.transpose else dataset)
        if name is not None and dataset.provenance.source in (*KNOWN, IN_MEMORY):  # a path to data of that name
            dataset = replace(dataset, provenance=replace(dataset.provenance, source=_as_path(dataset.provenance.source)))
    if reading.group_by is not None and dataset.train.groups is None:
        raise ConfigError(
            f"the images of {dataset.name} are rows of arrays or tables and cannot be grouped by file name. Drop "
            f"{option('group_by')}, or pass a folder of image files."
        )
    if progress:
        progress(DatasetLoaded(dataset.name, dataset.provenance.notes))
    return dataset


def load_known(name: str, reading: ReadOptions = DEFAULTS) -> Dataset:
    """Load a dataset by its known name, whatever lies in the current folder."""
    if name == "digits":
        dataset = load_digits(all_as_test=reading.all_as_test, test_share=reading.test_share)
    else:
        refuse_test_share(reading, name)
        dataset = KNOWN[name]()
    dataset = _with_options(dataset, reading)
    return resolve_digit_preprocessing(dataset) if reading.prepare == ASKED else dataset


def refuse_ambiguous_name(data: object) -> None:
    """Raise a DatasetError if ``data`` is a known name and there is a file or folder of that name too."""
    if isinstance(data, str) and data in KNOWN and os.path.lexists(data):
        kind = "folder" if os.path.isdir(data) else "file"
        raise DatasetError(
            f"{data!r} is the name of a known dataset, and of the {kind} {str(Path(data).absolute())!r}. Pass {_as_path(data)} for "
            f"the {kind}; for the known dataset, rename the {kind} or work in another folder."
        )


def _as_path(name: str) -> str:
    return os.path.join(os.curdir, name)  # noqa: PTH118  (Path drops the leading dot)


def _read(name: str, reading: ReadOptions, progress: ReadListener | None, preprocessor: ImagePreprocessor | None) -> Dataset:
    if not name:  # which would be the current folder
        raise DatasetError(unknown_name("dataset", name, KNOWN))
    path = Path(name)
    try:
        if os.path.isdir(path):
            return _reader_of_folder(path, reading, progress, preprocessor)(path, reading)
        if os.path.isfile(path):
            return _reader_of_file(path, progress)(path, reading)
        what = kind_of(path.stat().st_mode) if os.path.exists(path) else "a broken link" if path.is_symlink() else ""
    except OSError as error:
        raise DatasetError(f"cannot open {name!r}: {reason_of(error)}. Check its name and permissions.") from error
    if what:
        raise DatasetError(f"{name!r} is {what}, not a file or folder. Pass {FORMS}.")
    if "://" in name:
        raise DatasetError(f"{name!r} is a URL, and convscope downloads nothing here. Download the data and pass {FORMS}.")
    if path.name != name or path.suffix:  # ./x and x/ are paths, too
        near = did_you_mean(near_path(path, _may_be_data))
        raise DatasetError(f"{name!r} does not exist.{near} Pass {FORMS}; or one of: {', '.join(sorted(KNOWN))}.")
    near = "" if get_close_matches(name.lower(), KNOWN) else did_you_mean(near_path(path, _may_be_data))
    raise DatasetError(unknown_name("dataset", name, KNOWN) + near)


def _may_be_data(path: Path) -> bool:
    return not os.path.isfile(path / "run.json") if os.path.isdir(path) else path.suffix.lower() in {".npz", *SUFFIXES}


def _reader_of_folder(
    path: Path, reading: ReadOptions, progress: ReadListener | None, preprocessor: ImagePreprocessor | None
) -> Callable[[Path, ReadOptions], Dataset]:
    if os.path.isfile(path / "run.json"):
        raise DatasetError(f"{str(path)!r} is a run folder, not data. Pass {FORMS}.")
    if find_sets(path):
        return _read_idx
    tables = find_tables(path, all_as_test=reading.all_as_test)
    if tables and not holds_classes(path):
        return lambda folder, reading: read_tables(folder, reading, progress)

    def read_image_files(folder: Path, reading: ReadOptions) -> Dataset:
        dataset = read_folder(folder, reading, progress, preprocessor)
        names = ", ".join(table.name for table in tables.values())
        return with_note(dataset, f"ignored, because the folder holds image files by class: {names}") if tables else dataset

    return read_image_files


def _reader_of_file(path: Path, progress: ReadListener | None) -> Callable[[Path, ReadOptions], Dataset]:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz
    if suffix in SUFFIXES:
        return lambda table, reading: read_table(table, reading, progress)
    if NAME.fullmatch(path.name) or is_idx(path):
        return _read_idx
    if suffix not in CLUES and looks_like_table(path):
        return lambda table, reading: read_table(table, reading, progress)
    clue = f" {CLUES[suffix]}." if suffix in CLUES else ""
    raise DatasetError(
        f"{str(path)!r} is not in a format that convscope reads. Pass {FORMS}; or one of: {', '.join(sorted(KNOWN))}.{clue}"
    )


def _read_idx(path: Path, reading: ReadOptions) -> Dataset:
    dataset = read_idx_path(path, reading)
    named = reading.class_names is not None or dataset.class_names != tuple(map(str, range(dataset.num_classes)))
    return dataset if named else describe_if_known(dataset)


def _with_options(dataset: Dataset, reading: ReadOptions) -> Dataset:
    if reading.image_size not in (None, dataset.image_shape[:2]):
        raise ConfigError(
            f"{dataset.name} has images of {dataset.image_shape[0]} × {dataset.image_shape[1]}, and only folders of image files "
            f"can be resized. Drop {option('image_size')}."
        )
    names = reading.class_names or dataset.class_names
    if len(names) != dataset.num_classes:
        raise ConfigError(
            f"got {len(names)} class names, but {dataset.name} has {dataset.num_classes} classes. Pass one name per class."
        )
    return replace(dataset, class_names=names, provenance=replace(dataset.provenance, reading=reading))


PART_OF_THE_DATA = re.compile(
    r"Fold \d+ of \d+ of the training images|[\d,]+ of [\d,]+ training images were used, a stratified"
)
"""Notes that studies add where a run gets a part of the data."""


def reload_dataset(known: Mapping[str, Any], place: Data | None = None) -> Dataset:
    """Load the dataset that ``run.json`` describes as ``known``, from ``place`` if it was moved.

    Raises:
        DatasetError: The data are missing or have changed.
    """
    reading = ReadOptions.from_dict(known.get("reading") or {})
    source = known["source"] if place is None else place
    if place is None and is_missing(known):
        raise _missing(known["source"])
    if place is None and source in KNOWN:
        dataset = load_known(source, reading)
    else:
        dataset = load_dataset(Path(source) if isinstance(source, str) else source, reading)
    if not isinstance(source, (str, os.PathLike)):
        source = IN_MEMORY
    if dataset.fingerprint != known["fingerprint"]:
        if place is None and any(map(PART_OF_THE_DATA.match, known.get("notes", ()))):
            raise DatasetError(
                f"the network was trained on a part of {source!r}, in a study with folds or sizes, and that part is not stored. "
                "See the results of the study, or train a run on all of the images."
            )
        raise DatasetError(
            f"{source!r} has changed since the network was trained on it. Restore the same images and labels, or train again."
            if place is None
            else f"{source!r} holds other images or labels than the network was trained on. Pass the folder or file of those, with "
            "all files as they were."
        )
    if list(dataset.class_names) != [*map(composed, known["class_names"])]:  # the fingerprint is that of images and labels
        raise DatasetError(
            f"{source!r} now has the classes {shorten_list(dataset.class_names)}, but the network was trained on "
            f"{shorten_list(known['class_names'])}. Restore their names and order, or train again."
        )
    return dataset


def is_missing(known: Mapping[str, Any]) -> bool:
    """Return whether the data that ``run.json`` describes as ``known`` are not where the training found them."""
    return known["source"] not in KNOWN and not os.path.lexists(known["source"])


def _missing(source: str) -> DatasetError:
    place = option("data_at", "PATH", python="data")
    if source == IN_MEMORY:
        return DatasetError(
            "the network was trained on arrays in memory, which no command can find again. In Python, pass them: load_run(folder, "
            f"data=(x, y)); or save them with numpy.savez, and say where with {place}."
        )
    moved = f"say where the data are now with {place}."
    if Path(source).is_absolute():
        return DatasetError(f"the data of the run are not at {source!r} any more. S{moved[1:]}")
    error = DatasetError(
        f"the data of the run, {source!r}, are not in the current folder. Work where the run was trained, or {moved}"
    )
    error.add_note(f"current folder: {str(Path.cwd())!r}")  # apart, because a page that others read may quote the error
    return error
