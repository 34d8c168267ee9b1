"""Evidence: the images behind a run's numbers, and what was measured with them; what a page needs beyond the metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Split
from ..types import Images, Labels
from .calibration import TemperatureScaling
from .coverage import SelectionSplit
from .film import EpochSnapshots
from .neighbours import NearestNeighbours
from .novelty import FeatureDistances


@dataclass(frozen=True, eq=False)
class Evidence:
    """Images (·, h, w, c) uint8 of both splits with their indices, and measurements in the last hidden layer.

    None stands for what does not apply to this network or these images.
    """

    test_images: Images
    test_indices: Labels
    """Indices in the test split, ascending: all of them, or a sample that prefers misclassified images."""
    reference_images: Images
    """Training images: first ``sample`` ones drawn at random in proportion to their classes, then the nearest neighbours of
    misclassified images, then others that were asked for."""
    reference_labels: Labels
    reference_indices: Labels
    """Indices in the training split, validation images included."""
    sample: int
    nearest_neighbours: NearestNeighbours | None
    """Of the misclassified test images, the most confident first, as many as there was room for."""
    selected_on: SelectionSplit
    """What temperature and feature distances were measured on. On training images, where there are no independent ones, both
    are optimistic."""
    temperature_scaling: TemperatureScaling | None
    feature_distances: FeatureDistances | None
    epoch_snapshots: EpochSnapshots | None


def with_training_images(evidence: Evidence, train: Split, indices: Labels) -> Evidence:
    """Return ``evidence`` with the training images at ``indices`` (m,) appended to its reference images."""
    new = indices[~np.isin(indices, evidence.reference_indices)]
    return replace(
        evidence,
        reference_images=np.concatenate([evidence.reference_images, train.images[new]]),
        reference_labels=np.concatenate([evidence.reference_labels, train.labels[new]]),
        reference_indices=np.concatenate([evidence.reference_indices, new]),
    )
