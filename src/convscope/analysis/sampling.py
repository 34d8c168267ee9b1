"""Which images a page can hold: how many fit, and which of them to take where not all do."""

from __future__ import annotations

import zlib

import numpy as np

from ..types import Images, Labels
from .evaluation import Evaluation

TEST_BYTES = 2_300_000
"""What the test images may take of the page: the 10,000 of MNIST fit in."""
REFERENCE_BYTES = 1_000_000
"""What the training images may take of it."""
FEWEST = 10
"""Images that are kept of each, however large they are."""
SHARE_OF_MISTAKES = 0.75
"""Of the room for test images, where that is too small for all: a reader wants to see some that went right."""
REFERENCE_IMAGES, PER_CLASS = 500, 5
"""Training images in the sample that distances are measured to: about so many, of each class at least so many."""
SHARE_OF_SAMPLE = 0.6
"""Of the room for training images, at most, where that is small; the rest is for the neighbours of mistakes."""
TRIED_IMAGES, TRIED_BYTES = 512, 2**22
"""How much is compressed to find out how well the rest will be."""
TEXT_PER_BYTE = 4 / 3
"""Of base64."""


def number_that_fits(images: Images, budget: int) -> int:
    """How many of ``images`` (n, h, w, c) take ``budget`` bytes of a page, once compressed and written as text."""
    number = max(1, min(TRIED_IMAGES, len(images), TRIED_BYTES // images[0].size))
    tried = images[np.linspace(0, len(images) - 1, number).astype(np.int64)]
    bytes_per_image = len(zlib.compress(tried.tobytes())) / number * TEXT_PER_BYTE
    return max(int(budget / bytes_per_image), FEWEST)


def choose_test_images(images: Images, evaluation: Evaluation, *, seed: int) -> Labels:
    """Places of the test images that a page shows, ascending: all where there is room, else mistakes first, the most
    confident ones before others; then the first image, and a stratified sample of the rest."""
    room = number_that_fits(images, TEST_BYTES)
    if room >= len(images):
        return np.arange(len(images))
    others = np.setdiff1d(np.arange(1, len(images)), evaluation.mistakes)
    mistakes = evaluation.mistakes[: max(int(room * SHARE_OF_MISTAKES), room - 1 - len(others))]
    sample = others[stratified_sample(evaluation.labels[others], room - len(mistakes) - 1, seed=seed)]
    return np.unique(np.concatenate([[0], mistakes, sample]))


def stratified_sample(labels: Labels, number: int, *, at_least: int = 1, seed: int) -> Labels:
    """(min(number, n),) places in ``labels`` (n,), ascending: of every class in proportion, but of none fewer than
    ``at_least``, as long as the class has them and ``number`` allows. A function of its arguments alone."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, counts)
    share = (rank + 0.5) / np.repeat(counts, counts)
    urgency = np.where(rank < at_least, rank - float(at_least), share)
    return np.sort(by_class[np.argsort(urgency, kind="stable")[: max(number, 0)]])


def reference_sample(labels: Labels, trained: Labels, measured: Labels, *, room: int, seed: int) -> Labels:
    """Places in the training split, with ``labels`` (n,), of the images that distances are measured to: some that were
    ``trained`` on and are not ``measured``, in proportion to their classes; no more than there is ``room`` for."""
    free = np.zeros(len(labels), dtype=bool)
    free[trained] = True
    free[measured] = False
    candidates = np.flatnonzero(free)
    wanted = max(REFERENCE_IMAGES, PER_CLASS * len(np.unique(labels)))
    number = min(wanted, int(room * SHARE_OF_SAMPLE))
    return candidates[stratified_sample(labels[candidates], number, at_least=PER_CLASS, seed=seed)]
