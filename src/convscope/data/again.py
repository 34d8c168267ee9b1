"""Loading of the dataset of an existing run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DatasetError
from .dataset import Dataset
from .load import load_dataset
from .reading import ReadOptions


def same_dataset(known: Mapping[str, Any]) -> Dataset:
    """Load the dataset that a run was trained on.

    Args:
        known: The description of the dataset in ``run.json``.

    Raises:
        DatasetError: The data are missing or have changed.
    """
    dataset = load_dataset(known["source"], ReadOptions.from_dict(known.get("reading") or {}))
    if dataset.fingerprint != known["fingerprint"]:
        raise DatasetError(
            f"{known['source']!r} has changed since the network was trained on it. Restore the same images and labels, or train "
            "again."
        )
    return dataset
