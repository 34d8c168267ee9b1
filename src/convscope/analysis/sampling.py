"""Selection of the images that are embedded in a page of limited size."""

import zlib
from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset
from ..data.split import stratified_sample
from ..types import Images, Labels
from .evaluation import Evaluation

TEST_BYTES = 2_300_000
"""Size budget of the test images in a page; all 10,000 of MNIST fit."""
REFERENCE_BYTES = 1_000_000
"""Size budget of the training images."""
MIN_IMAGES = 10
"""Number of images that are embedded of each split, regardless of their size."""
SHARE_OF_MISTAKES = 0.75
"""Largest share of errors among the embedded test images, if not all images fit."""
REFERENCE_IMAGES, PER_CLASS = 500, 5
"""Size of the sample of training images in a page, and its minimum per class."""
SHARE_OF_SAMPLE = 0.6
"""Largest share of the reference sample in the budget; the rest is for the nearest neighbours of errors."""
TRIAL_IMAGES, TRIAL_BYTES = 512, 2**22
"""Limits of the trial sample that is compressed to estimate the compression ratio."""
TEXT_PER_BYTE = 4 / 3
"""Expansion by base64."""


def number_that_fits(images: Images, budget: int) -> int:
    """Return how many of ``images`` (n, h, w, c) fit into ``budget`` bytes of a page.

    The estimate, for compressed images in base64, comes from a sample; it is at least ``MIN_IMAGES``.
    """
    number = max(1, min(TRIAL_IMAGES, len(images), TRIAL_BYTES // images[0].size))
    trial = images[np.linspace(0, len(images) - 1, number).astype(np.int64)]
    bytes_per_image = len(zlib.compress(trial.tobytes())) / number * TEXT_PER_BYTE
    return max(int(budget / bytes_per_image), MIN_IMAGES)


def choose_test_images(images: Images, evaluation: Evaluation, *, seed: int) -> Labels:
    """Return the indices of the test images that a page embeds, ascending.

    If not all of them fit: the most confident errors, image 0, and a stratified sample of the correctly classified images.
    """
    limit = number_that_fits(images, TEST_BYTES)
    if limit >= len(images):
        return np.arange(len(images))
    others = np.setdiff1d(np.arange(1, len(images)), evaluation.mistakes)
    mistakes = evaluation.mistakes[: max(int(limit * SHARE_OF_MISTAKES), limit - 1 - len(others))]
    sample = others[stratified_sample(evaluation.labels[others], limit - len(mistakes) - 1, seed=seed)]
    return np.unique(np.concatenate([[0], mistakes, sample]))


def reference_sample(labels: Labels, trained: Labels, measured: Labels, *, number: int, seed: int) -> Labels:
    """Return the indices of up to ``number`` training images, in proportion to their classes.

    ``trained`` are indices of the images that were trained on. Those in ``measured`` are left out, since distances are measured
    on them.
    """
    eligible = np.zeros(len(labels), dtype=bool)
    eligible[trained] = True
    eligible[measured] = False
    candidates = np.flatnonzero(eligible)
    return candidates[stratified_sample(labels[candidates], number, at_least=PER_CLASS, seed=seed)]


EXAMPLES_PER_CLASS = 10
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
    samples = np.concatenate([np.flatnonzero(train.labels == label)[:EXAMPLES_PER_CLASS] for label in classes])
    present = (np.flatnonzero(test.labels == label) for label in classes)
    firsts = np.array([indices[0] for indices in present if len(indices)], dtype=np.int64)
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
