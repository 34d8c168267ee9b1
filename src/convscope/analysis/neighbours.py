"""The training images that are nearest to an image, as the network's last hidden layer sees them.

The search is exact and over all of them. They come by in blocks, so that the activations of a large training set never
have to be in memory at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .novelty import squared_distances

NEAREST = 3
"""Images of a class that are kept."""
NOBODY = -1
"""In the place of an index, where a class has fewer images than ``NEAREST``."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """For some test images that went wrong: who is near them in the class they belong to, and in the one they were taken
    for. The nearest first; −1 where there is none."""

    test_indices: Labels
    """(m,) places in the test split."""
    true: Labels
    """(m, 3) rows of the reference images."""
    predicted: Labels
    """(m, 3)"""


class NearestSearch:
    """Collects the nearest training images of one class per row of ``features`` (m, d): of class ``classes`` (m,)."""

    def __init__(self, features: Floats, classes: Labels) -> None:
        self._features = features.astype(np.float64)
        self._rows_of = {int(label): np.flatnonzero(classes == label) for label in np.unique(classes)}
        self._squares = np.full((len(features), NEAREST), np.inf)
        self._indices = np.full((len(features), NEAREST), NOBODY, np.int64)

    @property
    def indices(self) -> Labels:
        """(m, 3) the indices of the nearest so far, the nearest first, of equally near ones the first that came."""
        return self._indices

    def add(self, features: Floats, labels: Labels, indices: Labels) -> None:
        """A block of training images: ``features`` (n, d), ``labels`` (n,), and the ``indices`` (n,) they are known by."""
        features = features.astype(np.float64)
        for label in np.unique(labels):
            rows = self._rows_of.get(int(label))
            if rows is not None:
                members = np.flatnonzero(labels == label)
                squares = squared_distances(self._features[rows], features[members])
                self._merge(rows, squares, indices[members])

    def _merge(self, rows: Labels, squares: Floats, indices: Labels) -> None:
        # Soon few blocks hold anyone nearer: the rest need not be sorted.
        better = squares.min(axis=1) < self._squares[rows, -1]
        rows, squares = rows[better], squares[better]
        squares = np.concatenate([self._squares[rows], squares], axis=1)
        indices = np.concatenate([self._indices[rows], np.broadcast_to(indices, (len(rows), len(indices)))], axis=1)
        order = np.argsort(squares, axis=1, kind="stable")[:, :NEAREST]
        self._squares[rows] = np.take_along_axis(squares, order, axis=1)
        self._indices[rows] = np.take_along_axis(indices, order, axis=1)
