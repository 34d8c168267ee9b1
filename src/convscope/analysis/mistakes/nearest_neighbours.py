"""Nearest training images of misclassified test images, by distance in the last hidden layer.

The search is exact and over all training images, in blocks: the activations of a large training set need not fit in memory.
"""

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Labels
from ..ood.mahalanobis import squared_distances

NEAREST = 3
"""Neighbours per class."""
NO_NEIGHBOUR = -1
"""Stands for an index where a class has fewer than ``NEAREST`` images."""


@dataclass(frozen=True, eq=False)
class NearestNeighbours:
    """Of misclassified test images, the nearest training images of both classes, nearest first; −1 where there is none."""

    test_indices: Labels
    """(m,) in the test split."""
    true: Labels
    """(m, 3) rows of the reference images."""
    predicted: Labels
    """(m, 3) the same."""


class NearestNeighbourSearch:
    """Search for the nearest training images, of class ``classes`` (m,), of each row of ``features`` (m, d)."""

    def __init__(self, features: Floats, classes: Labels) -> None:
        self._features = features.astype(np.float64)
        self._rows_of = {int(label): np.flatnonzero(classes == label) for label in np.unique(classes)}
        self._squares = np.full((len(features), NEAREST), np.inf)
        self._indices = np.full((len(features), NEAREST), NO_NEIGHBOUR, np.int64)

    @property
    def indices(self) -> Labels:
        """(m, 3) indices of the nearest so far, the nearest first; of ties the first that was added."""
        return self._indices

    def add(self, features: Floats, labels: Labels, indices: Labels) -> None:
        """Add a block of training images: ``features`` (n, d), ``labels`` (n,), ``indices`` (n,) in the training split."""
        features = features.astype(np.float64)
        for label in np.unique(labels):
            rows = self._rows_of.get(int(label))
            if rows is not None:
                members = np.flatnonzero(labels == label)
                squares = squared_distances(self._features[rows], features[members])
                self._merge(rows, squares, indices[members])

    def _merge(self, rows: Labels, squares: Floats, indices: Labels) -> None:
        # After the first blocks few hold a nearer image: the other rows need no sorting.
        better = squares.min(axis=1) < self._squares[rows, -1]
        rows, squares = rows[better], squares[better]
        squares = np.concatenate([self._squares[rows], squares], axis=1)
        indices = np.concatenate([self._indices[rows], np.broadcast_to(indices, (len(rows), len(indices)))], axis=1)
        order = np.argsort(squares, axis=1, kind="stable")[:, :NEAREST]
        self._squares[rows] = np.take_along_axis(squares, order, axis=1)
        self._indices[rows] = np.take_along_axis(indices, order, axis=1)
