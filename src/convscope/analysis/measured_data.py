"""What an evaluation measured: which images, which classes, and which equal, or nearly equal, training images."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.checks import DatasetCheck
from ..data.class_matching import ClassMatch
from ..data.dataset import Dataset, Split
from ..data.near_duplicates import NearDuplicates, find_near_duplicates
from ..types import Images, Labels
from .statistics.proportions import Interval, wilson

BLOCK = 4096
"""Images compared at a time, so that memory-mapped data stay out of memory."""
MAX_NAMED = 100


@dataclass(frozen=True)
class Overlap:
    """Test images that equal, pixel by pixel, an image that the run was trained or validated on, or nearly equal one."""

    n: int
    near: int
    """The number of those that nearly equal one, besides ``n``."""
    images: tuple[str, ...]
    """The first of both: file or row."""
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


def measure_overlap(dataset: Dataset, predictions: Labels) -> Overlap:
    """Compare the test images of ``dataset`` with its training images: by fingerprint of shape and pixels, and nearly."""
    test, seen = dataset.test, set(fingerprints(dataset.train.images))
    equal = np.flatnonzero([each in seen for each in fingerprints(test.images)])
    near = find_near_duplicates(dataset).test
    both = np.concatenate([equal, near])
    names = tuple(test.name_of(index) for index in both[:MAX_NAMED].tolist())
    return Overlap(len(equal), len(near), names, *_without(both, test, predictions))


def _without(left_out: Labels, test: Split, predictions: Labels) -> tuple[int, float | None, Interval | None]:
    """Return the number of the other test images, the accuracy on them, and its interval."""
    others = np.setdiff1d(np.arange(len(test)), left_out)
    if not len(others):
        return 0, None, None
    right = int((predictions[others] == test.labels[others]).sum())
    return len(others), right / len(others), wilson(right, len(others))


def named_pairs(near: NearDuplicates, dataset: Dataset) -> list[dict[str, str]]:
    """Return the file or row of the first near-duplicates and of the training images that they nearly equal."""
    return [{"test": test, "train": train} for test, train in near.names(dataset, MAX_NAMED)]


def near_duplicate_metrics(check: DatasetCheck, dataset: Dataset, predictions: Labels) -> dict[str, Any]:
    """Return how many test images equal or nearly equal a training image, and the accuracy on the others."""
    near, both = check.near_duplicates, np.concatenate([check.copies, check.near_duplicates.test])
    others, accuracy, interval = _without(both, dataset.test, predictions)
    return {
        "n": len(near),
        "copies": len(check.copies),
        "share": len(both) / len(dataset.test),
        "interval": list(wilson(len(both), len(dataset.test))),
        "images": named_pairs(near, dataset),
        "others": others,
        "accuracy_of_others": accuracy,
        "interval_of_others": interval and list(interval),
    }


def fingerprints(images: Images) -> list[bytes]:
    """Return a hash of each image (n, h, w, c)."""
    shape = repr(images.shape[1:]).encode()
    blocks = (np.ascontiguousarray(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK))
    return [hashlib.blake2b(image.data, digest_size=16, key=shape[:64]).digest() for block in blocks for image in block]
