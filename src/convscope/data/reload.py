"""Loading of the dataset of an existing run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ConfigError, DatasetError
from ..formatting import shorten_list
from .dataset import Dataset, Split
from .load import load_dataset
from .read_options import ReadOptions


def reload_dataset(known: Mapping[str, Any]) -> Dataset:
    """Load the dataset that ``run.json`` describes as ``known``.

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


def match_classes(dataset: Dataset, class_names: Sequence[str]) -> Dataset:
    """Relabel a dataset with the classes of a network.

    Classes are matched by name, or by number if either side only has numbers. A class not in ``class_names`` is a ConfigError.
    """
    own, known = dataset.class_names, tuple(class_names)
    if own == known[: len(own)] or (len(own) <= len(known) and (_only_numbered(own) or _only_numbered(known))):
        return replace(dataset, class_names=known)
    unknown = [name for name in own if name not in known]
    if unknown:
        raise ConfigError(
            f"{dataset.name} has the class {unknown[0]!r}, which is not among the run's {len(known)}: {shorten_list(known)}. "
            "Rename its classes with --class-names, or evaluate another run."
        )
    indices = np.array([known.index(name) for name in own])
    train, test = (Split(split.images, indices[split.labels]) for split in (dataset.train, dataset.test))
    return replace(dataset, train=train, test=test, class_names=known)


def _only_numbered(names: Sequence[str]) -> bool:
    return tuple(names) == tuple(map(str, range(len(names))))
