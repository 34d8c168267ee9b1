"""Reference data: the part of the evidence that predictions on new images need."""

from dataclasses import dataclass

from ...types import Images
from .feature_distance import FeatureDistances


@dataclass(frozen=True, eq=False)
class ReferenceData:
    """Training images, and what was measured with them. None: not measured, or not applicable to the network."""

    examples: Images
    """(m, h, w, c) uint8 training images; those that ``feature_distances`` are measured to, if there are any."""
    feature_distances: FeatureDistances | None
