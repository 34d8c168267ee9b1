"""The images behind a run's numbers, and what they tell of its network: what a page needs beyond the metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..data.dataset import Split
from ..types import Images, Labels
from .calibration import Calibration
from .film import Film
from .neighbours import Nearest
from .novelty import Novelty


@dataclass(frozen=True, eq=False)
class Evidence:
    """Images (·, h, w, c) uint8 of both splits, with their places in them, and what was measured with the last hidden
    layer. ``None`` stands for what does not apply to this network or these images."""

    test_images: Images
    test_indices: Labels
    """Places in the test split, ascending: all of them, or a sample that the mistakes come first in."""
    reference_images: Images
    """Training images: first ``sample`` ones drawn at random in proportion to their classes, then those that are nearest
    to some mistake and are not among the first, then others that somebody wants to look at."""
    reference_labels: Labels
    reference_indices: Labels
    """Places in the training split, validation images included."""
    sample: int
    nearest: Nearest | None
    """For the mistakes among the test images, the most confident first, as many as there was room for."""
    measured_on: Literal["validation", "training"]
    """What calibration and novelty were measured on. Training images where there are no independent ones; the network is
    more at home with those than with any others, and both come out too good."""
    calibration: Calibration | None
    novelty: Novelty | None
    film: Film | None


def with_training_images(evidence: Evidence, train: Split, places: Labels) -> Evidence:
    """``evidence`` with the images at ``places`` (m,) of the training split among its reference images, behind the others."""
    new = places[~np.isin(places, evidence.reference_indices)]
    return replace(
        evidence,
        reference_images=np.concatenate([evidence.reference_images, train.images[new]]),
        reference_labels=np.concatenate([evidence.reference_labels, train.labels[new]]),
        reference_indices=np.concatenate([evidence.reference_indices, new]),
    )
