"""Which class is taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Labels


@dataclass(frozen=True, eq=False)
class Confusion:
    """``counts[i, j]`` images of class i (row) that were predicted as class j (column); (k, k) int64."""

    counts: Labels
    class_names: tuple[str, ...]

    @property
    def correct(self) -> int:
        return int(np.trace(self.counts))

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    @property
    def errors(self) -> int:
        return self.total - self.correct

    def pairs(self, most: int = 10) -> tuple[ConfusedPair, ...]:
        """The confusions that occurred, the most frequent first; ties in the order of the classes."""
        off_diagonal = self.counts * (1 - np.eye(len(self.counts), dtype=np.int64))
        order = np.argsort(-off_diagonal, axis=None, kind="stable")[:most]
        places = (divmod(int(place), len(self.counts)) for place in order)
        support = self.counts.sum(axis=1)
        return tuple(
            ConfusedPair(
                self.class_names[true], self.class_names[predicted], int(off_diagonal[true, predicted]), int(support[true])
            )
            for true, predicted in places
            if off_diagonal[true, predicted] > 0
        )


@dataclass(frozen=True)
class ConfusedPair:
    """``count`` of the ``support`` images of class ``true`` were taken for ``predicted``."""

    true: str
    predicted: str
    count: int
    support: int


def confusion(labels: Labels, predictions: Labels, class_names: tuple[str, ...]) -> Confusion:
    """Count every pair of true and predicted class; ``labels`` and ``predictions`` (n,) indices into ``class_names``."""
    size = len(class_names)
    counts = np.bincount(labels * size + predictions, minlength=size * size).reshape(size, size)
    return Confusion(counts.astype(np.int64), class_names)
