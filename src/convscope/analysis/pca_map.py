"""PCA map: test images as points in a plane, by what the last hidden layer makes of them.

The plane is that of the first two principal components of the layer's activations. Distances between activations are kept as
far as these two components show the variance, and no farther.
"""

from dataclasses import dataclass

import numpy as np

from ..data.split import stratified_sample
from ..models.predictor import Predictor
from ..types import Floats, Images, Labels
from .evaluation import Evaluation

MAX_POINTS = 1500
MAX_FEATURES = 4096
"""Activations of the largest layer with a map: a page carries three numbers for each."""
LEAST = 1e-6
"""Length of the second component, as a share of the first one, below which it is rounding errors."""


@dataclass(frozen=True, eq=False)
class PCAMap:
    """Test images by the first two principal components of their activations, and what places any other image."""

    layer_name: str
    """The last hidden layer."""
    test_indices: Labels
    """(n,) in the test split, ascending."""
    coordinates: Floats
    """(n, 2) float32: (activations − mean) · components."""
    explained_variance_ratio: Floats
    """(2,) shares of the variance of these images' activations, the larger one first."""
    mean: Floats
    """(d,) float32 of the activations."""
    components: Floats
    """(2, d) float32, orthonormal; the largest weight of each is positive. Zeros for a second one that has no variance."""


def choose_points(evaluation: Evaluation, shown: Labels, *, seed: int) -> Labels:
    """Return ascending indices of at most ``MAX_POINTS`` of the test images ``shown``.

    If not all of them fit: the most confident errors, at most half, and a stratified sample of the correctly classified images.
    """
    if len(shown) <= MAX_POINTS:
        return shown
    is_wrong = np.isin(shown, evaluation.mistakes)
    right = shown[~is_wrong]
    mistakes = evaluation.mistakes[np.isin(evaluation.mistakes, shown)][: max(MAX_POINTS // 2, MAX_POINTS - len(right))]
    sample = stratified_sample(evaluation.labels[right], MAX_POINTS - len(mistakes), seed=seed)
    return np.sort(np.concatenate([mistakes, right[sample]]))


def measure_pca_map(predictor: Predictor, images: Images, indices: Labels, layer_name: str) -> PCAMap | None:
    """Place ``images`` (n, h, w, c), which are the test images at ``indices`` (n,).

    None where there is no plane: with fewer than three images or two activations, with more than ``MAX_FEATURES``, or if the
    activations are all the same or not finite. ``predictor`` must expose the last hidden layer.
    """
    activations = predictor.features_and_logits(images)[0].astype(np.float64)
    n, d = activations.shape
    if n < 3 or not 2 <= d <= MAX_FEATURES or not np.isfinite(activations).all():
        return None
    mean = activations.mean(axis=0)
    centred = activations - mean
    total = (centred**2).sum()
    if not 0 < total < np.inf:
        return None
    components = _principal_components(centred)
    coordinates = centred @ components.T
    ratio = (coordinates**2).sum(axis=0) / total
    return PCAMap(layer_name, indices, *(each.astype(np.float32) for each in (coordinates, ratio, mean, components)))


def _principal_components(centred: Floats) -> Floats:
    """Return (2, d): the first two right singular vectors of (n, d), from the smaller one of its two Gram matrices."""
    n, d = centred.shape
    if d <= n:
        components = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1].T
    else:
        components = np.linalg.eigh(centred @ centred.T)[1][:, :-3:-1].T @ centred
        lengths = np.linalg.norm(components, axis=1, keepdims=True)
        components = np.where(lengths > LEAST * lengths.max(), components / np.maximum(lengths, 1e-300), 0)
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1, keepdims=True), axis=1)
    return np.asarray(components * np.where(largest < 0, -1, 1))  # an eigenvector has no sign of its own
