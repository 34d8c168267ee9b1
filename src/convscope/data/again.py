"""The data that a run was trained on, once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DatasetError
from .dataset import Dataset
from .load import load_dataset
from .reading import ReadOptions


def same_dataset(known: Mapping[str, Any]) -> Dataset:
    """The dataset that a run was trained on, read again. Raises :class:`DatasetError` where there is none or another."""
    dataset = load_dataset(known["source"], ReadOptions.from_dict(known.get("reading") or {}))
    if dataset.fingerprint != known["fingerprint"]:
        raise DatasetError(
            f"what {known['source']!r} names now is not what the network was trained on; the same images and labels were "
            "expected. Bring them back, or train again."
        )
    return dataset
