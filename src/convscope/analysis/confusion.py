"""The confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Labels


@dataclass(frozen=True, eq=False)
class Confusion:
    """A confusion matrix."""

    counts: Labels
    """(k, k) int64: ``counts[i, j]`` images of class i are predicted as class j."""
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
        """Return the ``most`` frequent confusions, ties in the order of the classes."""
        off_diagonal = self.counts * (1 - np.eye(len(self.counts), dtype=np.int64))
        order = np.argsort(-off_diagonal, axis=None, kind="stable")[:most]
        cells = (divmod(int(index), len(self.counts)) for index in order)
        support = self.counts.sum(axis=1)
        return tuple(
            ConfusedPair(
                self.class_names[true], self.class_names[predicted], int(off_diagonal[true, predicted]), int(support[true])
            )
            for true, predicted in cells
            if off_diagonal[true, predicted] > 0
        )


@dataclass(frozen=True)
class ConfusedPair:
    """One kind of confusion: ``count`` images of class ``true`` predicted as ``predicted``."""

    true: str
    predicted: str
    count: int
    support: int
    """Images of class ``true``."""


def confusion(labels: Labels, predictions: Labels, class_names: tuple[str, ...]) -> Confusion:
    """Return the confusion matrix of ``labels`` (n,) and ``predictions`` (n,)."""
    size = len(class_names)
    counts = np.bincount(labels * size + predictions, minlength=size * size).reshape(size, size)
    return Confusion(counts.astype(np.int64), class_names)
