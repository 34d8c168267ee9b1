"""How unlike everything that a network was trained on an image looks to it.

A network knows only its classes, and is sure of one of them for a scribble too. But what its last hidden layer makes of a
scribble lies far from what it makes of the training images, and how far is far can be read off images that it has not
seen either. Far is meant as a direction: with Y. Sun, Y. Ming, X. Zhu and Y. Li, "Out-of-Distribution Detection with Deep Nearest
Neighbors", 2022, activations are brought to unit length before distances are taken. Strange images stir a network less than
known ones do, and lie nearer to the origin, so that by their plain distances most would pass for known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats

NEIGHBOURS = 5
ROWS = 4096
"""Images measured at once: their distances to 500 others take 16 MB."""
THRESHOLD = 99
"""Percentile of known images beyond which one counts as a stranger: one in a hundred known ones does too."""


@dataclass(frozen=True, eq=False)
class Novelty:
    """Distances between images of known kinds, to hold that of a new one against."""

    layer_name: str
    """The last hidden layer: distances are Euclidean, between its activations at unit length, so that they run from 0 to 2; to
    √2 where no activation is negative."""
    neighbours: int
    """An image's distance is the mean of those to so many nearest reference images."""
    distances: Floats
    """(101,) percentiles 0 to 100 of the distance of images that were not trained on."""

    @property
    def threshold(self) -> float:
        """The distance beyond which an image looks like nothing that the network was trained on."""
        return float(self.distances[THRESHOLD])


def novelty(features: Floats, reference: Floats, layer_name: str) -> Novelty:
    """Measure ``features`` (n, d) of known images against those of the ``reference`` images (m, d); at least one of each."""
    neighbours = min(NEIGHBOURS, len(reference))
    distances = mean_distances(features, reference, neighbours)
    return Novelty(layer_name, neighbours, np.percentile(distances, np.arange(101)))


def mean_distances(features: Floats, reference: Floats, neighbours: int) -> Floats:
    """(n,) mean Euclidean distance of each row of ``features`` (n, d) to its nearest rows of ``reference`` (m, d), all of them
    at unit length; a row of zeros stays one."""
    features, reference = _directions(features), _directions(reference)
    parts = []
    for start in range(0, len(features), ROWS):
        squares = squared_distances(features[start : start + ROWS], reference)
        nearest = np.partition(squares, neighbours - 1, axis=1)[:, :neighbours]
        parts.append(np.sqrt(nearest).mean(axis=1))
    return np.concatenate(parts)


def _directions(rows: Floats) -> Floats:
    rows = rows.astype(np.float64, copy=False)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))


def squared_distances(rows: Floats, others: Floats) -> Floats:
    """(n, m) squared Euclidean distances between the rows of (n, d) and (m, d).

    Written out as |a|² + |b|² − 2ab, one matrix product; in float64, so that what cancels leaves ten digits.
    """
    rows, others = rows.astype(np.float64, copy=False), others.astype(np.float64, copy=False)
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :] - 2 * rows @ others.T
    return np.asarray(np.maximum(squares, 0.0))
