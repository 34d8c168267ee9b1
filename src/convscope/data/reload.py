"""Loading of the dataset of an existing run."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DatasetError, option
from ..formatting import composed, shorten_list
from .dataset import IN_MEMORY, Data, Dataset
from .known.builtin import KNOWN
from .load import load_dataset, load_known
from .read_options import ReadOptions

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
                "Look at the page of the study, or train a run on all of the images."
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
