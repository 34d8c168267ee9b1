"""What the answer to a new image is held against: the small part of the evidence that it takes to judge one."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import Images
from .calibration import Calibration
from .novelty import Novelty


@dataclass(frozen=True, eq=False)
class Yardsticks:
    """``None`` stands for what was not measured, or does not apply to the network."""

    examples: Images
    """(m, h, w, c) uint8, training images; where there is a ``novelty``, those that it measures distances to."""
    calibration: Calibration | None
    novelty: Novelty | None
