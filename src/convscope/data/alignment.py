"""The classes of one dataset found among those of another, so that a network can be measured on data that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import ConfigError
from .dataset import Dataset, Split

MOST_NAMED = 5


def align_classes(dataset: Dataset, class_names: Sequence[str]) -> Dataset:
    """``dataset`` with the labels that its classes have in ``class_names``: found by their names, or, where one of the two only
    numbers its classes, by their numbers.

    Raises :class:`ConfigError` where a class is not among ``class_names``.
    """
    own, known = dataset.class_names, tuple(class_names)
    if own == known[: len(own)] or (len(own) <= len(known) and (_only_numbered(own) or _only_numbered(known))):
        return replace(dataset, class_names=known)
    strange = [name for name in own if name not in known]
    if strange:
        raise ConfigError(
            f"{dataset.name} has {dataset.num_classes} classes, among them {strange[0]!r}; some of the run's "
            f"{len(known)} were expected: {', '.join(known[:MOST_NAMED])}{', …' if len(known) > MOST_NAMED else ''}. "
            "Rename its classes with --class-names, or evaluate another run."
        )
    places = np.array([known.index(name) for name in own])
    train, test = (Split(split.images, places[split.labels]) for split in (dataset.train, dataset.test))
    return replace(dataset, train=train, test=test, class_names=known)


def _only_numbered(names: Sequence[str]) -> bool:
    return tuple(names) == tuple(map(str, range(len(names))))
