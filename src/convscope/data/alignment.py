"""Matching of a dataset's classes to those of a network that was trained on other data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import ConfigError
from ..formatting import shorten_list
from .dataset import Dataset, Split


def align_classes(dataset: Dataset, class_names: Sequence[str]) -> Dataset:
    """Relabel a dataset with the classes of a network.

    Classes are matched by name, or by number if either side only has numbers.

    Args:
        dataset: The dataset to evaluate on.
        class_names: The classes of the network.

    Raises:
        ConfigError: A class is not among ``class_names``.
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
    places = np.array([known.index(name) for name in own])
    train, test = (Split(split.images, places[split.labels]) for split in (dataset.train, dataset.test))
    return replace(dataset, train=train, test=test, class_names=known)


def _only_numbered(names: Sequence[str]) -> bool:
    return tuple(names) == tuple(map(str, range(len(names))))
