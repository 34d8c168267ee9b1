"""The images of a report, stored in the run so that it needs no dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset, Split
from ..types import Images, Labels
from .evaluation import Evaluation

PER_CLASS = 10
MAX_CLASSES = 20
"""Largest number of classes in the figures of samples, where more would be too small to see."""
MAX_MISTAKES = 40


@dataclass(frozen=True, eq=False)
class Examples:
    """Images (·, h, w, c) uint8 with their labels and their indices in the split."""

    first_image: Images
    """(1, h, w, c), the first training image."""
    first_label: int
    samples: Images
    """Up to ``PER_CLASS`` training images of each class, in the order of the classes."""
    sample_labels: Labels
    one_per_class: Images
    """The first test image of each class."""
    one_per_class_labels: Labels
    one_per_class_indices: Labels
    test_image: Images
    """(1, h, w, c), test image 0, for which the report shows activations."""
    test_label: int
    mistakes: Images
    """The most confident errors on the test split, at most ``MAX_MISTAKES``."""
    mistake_indices: Labels


def choose_examples(dataset: Dataset, evaluation: Evaluation) -> Examples:
    """Return the first images of each kind, which involves no random choice."""
    train, test = dataset.train, dataset.test
    classes = range(min(dataset.num_classes, MAX_CLASSES))
    samples = np.concatenate([np.flatnonzero(train.labels == label)[:PER_CLASS] for label in classes])
    firsts = np.array([np.flatnonzero(test.labels == label)[0] for label in classes if _has(test, label)], dtype=np.int64)
    mistakes = evaluation.mistakes[:MAX_MISTAKES]
    return Examples(
        train.images[:1],
        int(train.labels[0]),
        train.images[samples],
        train.labels[samples],
        test.images[firsts],
        test.labels[firsts],
        firsts,
        test.images[:1],
        int(test.labels[0]),
        test.images[mistakes],
        mistakes,
    )


def _has(split: Split, label: int) -> bool:
    return bool((split.labels == label).any())
