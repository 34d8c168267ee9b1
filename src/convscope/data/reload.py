"""Loading of the dataset of an existing run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DatasetError
from ..formatting import shorten_list
from .dataset import Dataset
from .known.builtin import KNOWN
from .load import load_dataset, load_known
from .read_options import ReadOptions


def reload_dataset(known: Mapping[str, Any]) -> Dataset:
    """Load the dataset that ``run.json`` describes as ``known``.

    Raises:
        DatasetError: The data are missing or have changed.
    """
    source, reading = known["source"], ReadOptions.from_dict(known.get("reading") or {})
    dataset = load_known(source, reading) if source in KNOWN else load_dataset(source, reading)
    if dataset.fingerprint != known["fingerprint"]:
        raise DatasetError(
            f"{known['source']!r} has changed since the network was trained on it. Restore the same images and labels, or train "
            "again."
        )
    if list(dataset.class_names) != list(known["class_names"]):  # the fingerprint is that of images and labels
        raise DatasetError(
            f"{known['source']!r} now has the classes {shorten_list(dataset.class_names)}, but the network was trained on "
            f"{shorten_list(known['class_names'])}. Restore their names and order, or train again."
        )
    return dataset
