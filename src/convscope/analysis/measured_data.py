"""What an evaluation on other data measured: which images, which classes, and which the network has already seen."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.class_matching import ClassMatch
from ..data.dataset import Split
from ..types import Images, Labels
from .statistics.proportions import Interval, wilson

BLOCK = 4096
"""Images compared at a time, so that memory-mapped data stay out of memory."""
MAX_NAMED = 100


@dataclass(frozen=True)
class Overlap:
    """Test images that equal, pixel by pixel, an image that the run was trained or validated on."""

    n: int
    images: tuple[str, ...]
    """The first of them: file or row."""
    others: int
    """The number of the other test images."""
    accuracy_of_others: float | None
    interval_of_others: Interval | None


@dataclass(frozen=True)
class MeasuredData:
    """The data of an evaluation."""

    source: str
    fingerprint: str
    used: int
    """The number of images that were measured."""
    is_own_test_split: bool
    """Whether these are the test images that the run was measured on after the training."""
    training_images: int
    """Images of a training split of the data, which were left out."""
    dropped: int
    """Images whose class the class map drops."""
    unreadable: int
    """Image files that were skipped."""
    classes: ClassMatch
    notes: tuple[str, ...]
    """Sentences about what was done on loading."""
    overlap: Overlap | None = None
    overlap_unknown: str = ""
    """Why the overlap could not be measured."""

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the key ``data`` of ``evaluate --json``."""
        overlap = None if self.overlap is None else {**vars(self.overlap), "images": list(self.overlap.images)}
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            "used": self.used,
            "is_own_test_split": self.is_own_test_split,
            "left_out": {
                "training_split": self.training_images, "dropped_by_class_map": self.dropped, "unreadable": self.unreadable,
            },
            "classes": {
                "matched": dict(self.classes.matched), "left_out": list(self.classes.left_out), "absent": list(self.classes.absent),
            },
            "overlap_with_training": overlap,
            "overlap_unknown": self.overlap_unknown or None,
            "notes": list(self.notes),
        }  # fmt: skip


def measure_overlap(test: Split, predictions: Labels, training: Images) -> Overlap:
    """Compare test images with those of the training (m, h, w, c), by fingerprint of shape and pixels.

    ``predictions`` (n,) are the classes predicted for the test images.
    """
    seen = set(fingerprints(training))
    equal = np.array([each in seen for each in fingerprints(test.images)], dtype=bool)
    others = np.flatnonzero(~equal)
    right = int((predictions[others] == test.labels[others]).sum())
    return Overlap(
        int(equal.sum()),
        tuple(test.name_of(index) for index in np.flatnonzero(equal)[:MAX_NAMED].tolist()),
        len(others),
        right / len(others) if len(others) else None,
        wilson(right, len(others)) if len(others) else None,
    )


def fingerprints(images: Images) -> list[bytes]:
    """Return a hash of each image (n, h, w, c)."""
    shape = repr(images.shape[1:]).encode()
    blocks = (np.ascontiguousarray(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK))
    return [hashlib.blake2b(image.data, digest_size=16, key=shape[:64]).digest() for block in blocks for image in block]
