"""Distance of an image to the training images in the features of the last hidden layer, for out-of-distribution warnings.

With Y. Sun, Y. Ming, X. Zhu and Y. Li, "Out-of-Distribution Detection with Deep Nearest Neighbors", 2022, features are brought
to unit length before distances are taken: out-of-distribution images have small activations, so that by plain distances most
would pass for known.
"""

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Images

NEIGHBOURS = 5
ROWS = 4096
"""Images measured at once: their distances to 500 others take 16 MB."""
THRESHOLD = 99
"""Percentile of held-out images used as the threshold: one in a hundred of them is flagged too."""
MIN_IMAGES = 100
"""Fewest held-out images: the 99th percentile of fewer is their largest, beyond which far more than 1% may lie."""


@dataclass(frozen=True, eq=False)
class FeatureDistances:
    """Distances of held-out images to the training images, the scale for those of new images."""

    layer_name: str
    """The last hidden layer. Distances are Euclidean, between features at unit length: 0 to 2, or to √2 where no feature is
    negative."""
    neighbours: int
    """The distance of an image is the mean over this many nearest reference images."""
    distances: Floats
    """(101,) percentiles 0 to 100, of images that were not trained on."""

    @property
    def threshold(self) -> float:
        """The distance beyond which an image counts as out of distribution."""
        return float(self.distances[THRESHOLD])


@dataclass(frozen=True, eq=False)
class ReferenceData:
    """The part of the evidence that predictions on new images need. None: not measured, or not applicable to the network."""

    examples: Images
    """(m, h, w, c) uint8 training images; those that ``feature_distances`` are measured to, if there are any."""
    feature_distances: FeatureDistances | None


def measure_feature_distances(features: Floats, reference: Floats, layer_name: str) -> FeatureDistances:
    """Measure ``features`` (n, d) of held-out images against those of ``reference`` images (m, d); at least one of each."""
    neighbours = min(NEIGHBOURS, len(reference))
    distances = mean_knn_distance(features, reference, neighbours)
    return FeatureDistances(layer_name, neighbours, np.percentile(distances, np.arange(101)))


def mean_knn_distance(features: Floats, reference: Floats, neighbours: int) -> Floats:
    """Return (n,) mean Euclidean distances between rows at unit length.

    The mean is over the nearest ``neighbours`` rows of ``reference`` (m, d). A row of zeros in ``features`` (n, d) stays
    one.
    """
    features, reference = _unit_length(features), _unit_length(reference)
    parts = []
    for start in range(0, len(features), ROWS):
        squares = squared_distances(features[start : start + ROWS], reference)
        nearest = np.partition(squares, neighbours - 1, axis=1)[:, :neighbours]
        parts.append(np.sqrt(nearest).mean(axis=1))
    return np.concatenate(parts)


def _unit_length(rows: Floats) -> Floats:
    rows = rows.astype(np.float64, copy=False)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))


def squared_distances(rows: Floats, others: Floats) -> Floats:
    """Return (n, m) squared Euclidean distances between the rows of (n, d) and (m, d)."""
    # |a|² + |b|² − 2ab is one matrix product; float64 leaves ten digits after the cancellation.
    rows, others = rows.astype(np.float64, copy=False), others.astype(np.float64, copy=False)
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :] - 2 * rows @ others.T
    return np.asarray(np.maximum(squares, 0.0))
