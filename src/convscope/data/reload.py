"""Loading of the dataset of an existing run."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DatasetError
from ..formatting import composed, shorten_list
from ..types import PathLike
from .dataset import Dataset
from .known.builtin import KNOWN
from .load import load_dataset, load_known
from .read_options import ReadOptions


def reload_dataset(known: Mapping[str, Any], place: PathLike | None = None) -> Dataset:
    """Load the dataset that ``run.json`` describes as ``known``, from ``place`` if it was moved.

    Raises:
        DatasetError: The data are missing or have changed.
    """
    reading = ReadOptions.from_dict(known.get("reading") or {})
    source = known["source"] if place is None else os.fspath(place)
    if place is None and is_missing(known):
        raise _missing(source)
    is_known_set = place is None and source in KNOWN
    dataset = load_known(source, reading) if is_known_set else load_dataset(Path(source), reading)
    if dataset.fingerprint != known["fingerprint"]:
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
    moved = "say where the data are now with --data-at PATH."
    if Path(source).is_absolute():
        return DatasetError(f"the data of the run are not at {source!r} any more. S{moved[1:]}")
    error = DatasetError(
        f"the data of the run, {source!r}, are not in the current folder. Work where the run was trained, or {moved}"
    )
    error.add_note(f"current folder: {str(Path.cwd())!r}")  # apart, because a page that others read may quote the error
    return error
