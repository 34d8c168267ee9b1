"""What looks odd in a dataset, found before anyone trains on it."""

from __future__ import annotations

import hashlib

import numpy as np

from .dataset import Dataset, Split

IMBALANCE = 5.0
"""A largest class this many times the smallest is worth a remark."""


def findings(dataset: Dataset) -> tuple[str, ...]:
    """Sentences about what looks odd: missing classes, imbalance, blank images, duplicates. Empty where nothing does."""
    return (*dataset.provenance.notes, *_class_findings(dataset), *_blank_findings(dataset), *_duplicate_findings(dataset))


def _class_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        counts = split.class_counts(dataset.num_classes)
        for index in np.flatnonzero(counts == 0):
            sentences.append(f"class {dataset.class_names[index]!r} has no {what} image")
    counts = dataset.train.class_counts(dataset.num_classes)
    if counts.min() > 0 and counts.max() / counts.min() >= IMBALANCE:
        largest, smallest = dataset.class_names[counts.argmax()], dataset.class_names[counts.argmin()]
        sentences.append(
            f"classes are uneven: {counts.max():,} training images of {largest!r}, {counts.min():,} of {smallest!r}"
        )
    return sentences


def _blank_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        flat = split.images.reshape(len(split), -1)
        blank = int((flat.max(axis=1) == flat.min(axis=1)).sum())
        if blank:
            sentences.append(f"{blank:,} {what} image{' is' if blank == 1 else 's are'} one flat colour")
    return sentences


def _duplicate_findings(dataset: Dataset) -> list[str]:
    train, test = _digests(dataset.train), _digests(dataset.test)
    sentences = []
    for what, digests in (("training", train), ("test", test)):
        extra = len(digests) - len(set(digests))
        if extra:
            sentences.append(
                f"{extra:,} {what} image{' repeats' if extra == 1 else 's repeat'} another one, pixel for pixel"
            )
    seen = set(train)
    shared = sum(digest in seen for digest in test)
    if shared:
        sentences.append(
            f"{shared:,} test image{' is' if shared == 1 else 's are'} in the training split too, pixel for pixel"
        )
    return sentences


def _digests(split: Split) -> list[bytes]:
    return [hashlib.blake2b(image.data, digest_size=16).digest() for image in np.ascontiguousarray(split.images)]
