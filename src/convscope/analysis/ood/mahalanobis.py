"""Distance of an image to the classes in the features of the last hidden layer, for out-of-distribution warnings.

It is the class-conditional Mahalanobis distance of K. Lee, K. Lee, H. Lee and J. Shin, "A Simple Unified Framework for Detecting
Out-of-Distribution Samples and Adversarial Attacks", 2018: to the nearest class mean, by one covariance within the classes.
Features are divided by the square root of their length before. Divided by their length they would detect letters best, but flag
the most handwriting unlike the training images; undivided it is the other way round.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ...types import Floats, Images, Labels

ROWS = 4096
"""Images measured at once: their distances to the means of 500 classes take 16 MB."""
THRESHOLD = 99
"""Percentile of held-out images used as the threshold: one in a hundred of them is flagged too."""
MIN_IMAGES = 100
"""Fewest held-out images: beyond the largest of fewer, more than 1% of new ones lie on average."""
DAMPING, SHRINKAGE = 0.5, 0.01
"""Power of their length that features are divided by, and share of the mean variance in the covariance; both were chosen in
``benchmarks/out_of_distribution.py``."""
MAX_VALUES = 65_536
"""Largest number of values in the whitening matrix, 256 kB: 128 features keep all their directions, 1,024 are projected on 64
random ones, which detect more than the 64 principal ones."""
MIN_DIRECTIONS = 8
MIN_VARIANCE = 1e-12
"""Of features that do not vary within the classes."""


@dataclass(frozen=True, eq=False)
class MahalanobisDistance:
    """The distance to the nearest class, and its percentiles on held-out images, the scale for those of new images."""

    layer_name: str
    """The last hidden layer."""
    whitening: Floats
    """(d, r) float32: maps features, divided by the root of their length, to coordinates where classes have unit covariance."""
    means: Floats
    """(c, r) float32: the class means in these coordinates."""
    distances: Floats
    """(101,) percentiles 0 to 100, of images that were not trained on."""

    @classmethod
    def fit(cls, features: Floats, labels: Labels, held_out: Floats, layer_name: str) -> Self:
        """Fit means and covariance to ``features`` (n, d) of training images, percentiles to ``held_out`` (m, d); n, m ≥ 1."""
        whitening, means = fit_classes(features, labels)
        distances = class_distances(held_out, whitening, means)
        # Of n images and a new one, each is equally likely to be the farthest: by the ranks of n + 1, not n, also few hold 1%.
        return cls(layer_name, whitening, means, np.percentile(distances, np.arange(101), method="weibull"))

    @property
    def threshold(self) -> float:
        """The distance beyond which an image counts as out of distribution."""
        return float(self.distances[THRESHOLD])

    def of(self, features: Floats) -> Floats:
        """Return (n,) distances of the images with these ``features`` (n, d)."""
        return class_distances(features, self.whitening, self.means)


@dataclass(frozen=True, eq=False)
class ReferenceData:
    """The part of the evidence that predictions on new images need. None: not measured, or not applicable to the network."""

    examples: Images
    """(m, h, w, c) uint8 training images."""
    mahalanobis: MahalanobisDistance | None


def fit_classes(features: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return a whitening matrix (d, r) and the means (c, r) of the c classes in ``labels`` (n,) after it, both float32."""
    basis = _basis(features.shape[1])
    rows = damped(features) @ basis
    classes, row_classes = np.unique(labels, return_inverse=True)
    means = np.stack([rows[row_classes == each].mean(axis=0) for each in range(len(classes))])
    residuals = rows - means[row_classes]
    covariance = residuals.T @ residuals / max(len(rows) - len(classes), 1)
    variance = max(float(np.trace(covariance)) / len(covariance), MIN_VARIANCE)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * variance * np.eye(len(covariance))
    # Of all matrices that whiten, the triangular one takes half the space in a page.
    whitening = np.linalg.cholesky(np.linalg.inv(shrunk))
    return (basis @ whitening).astype(np.float32), (means @ whitening).astype(np.float32)


def _basis(size: int) -> Floats:
    """Return an orthonormal basis (size, r) of all directions, or of as many random ones as ``MAX_VALUES`` allows."""
    number = max(MAX_VALUES // size, MIN_DIRECTIONS)
    if number >= size:
        return np.eye(size)
    return np.asarray(np.linalg.qr(np.random.Generator(np.random.PCG64(0)).normal(size=(size, number)))[0])


def class_distances(features: Floats, whitening: Floats, means: Floats) -> Floats:
    """Return (n,) distances of rows (n, d) to the nearest of the ``means`` (c, r)."""
    parts = [np.empty(0)]
    for start in range(0, len(features), ROWS):
        squares = squared_distances(damped(features[start : start + ROWS]) @ whitening, means)
        parts.append(np.sqrt(squares.min(axis=1, initial=np.inf)))
    return np.concatenate(parts)


def damped(rows: Floats) -> Floats:
    """Return the rows (n, d), each divided by the square root of its length, in float64; rows of zeros stay zeros."""
    rows = rows.astype(np.float64, copy=False)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1) ** DAMPING)


def squared_distances(rows: Floats, others: Floats) -> Floats:
    """Return (n, m) squared Euclidean distances between the rows of (n, d) and (m, d)."""
    # |a|² + |b|² − 2ab is one matrix product; float64 leaves ten digits after the cancellation.
    rows, others = rows.astype(np.float64, copy=False), others.astype(np.float64, copy=False)
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :] - 2 * rows @ others.T
    return np.asarray(np.maximum(squares, 0.0))
