"""What looks odd in a dataset, found before anyone trains on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .dataset import Dataset, Split

IMBALANCE = 5.0
"""A largest class this many times the smallest is worth a remark."""
FAINT = 8
"""Grey levels between the darkest and the brightest pixel, under which an image is nearly blank."""
DARK = 32
"""A brightest pixel in the whole training split at most this bright means that the values were meant on another scale."""
MOST_NAMED = 5
BLOCK = 4096
"""Images that are looked at at a time: sets that are mapped from a file stay there."""


def findings(dataset: Dataset) -> tuple[str, ...]:
    """Sentences about what looks odd: what was done on loading; classes without images or with one, imbalance, blank images,
    duplicates. Empty where nothing does."""
    return (
        *dataset.provenance.notes,
        *_class_findings(dataset),
        *_contrast_findings(dataset),
        *_duplicate_findings(dataset),
    )


def _class_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        counts = split.class_counts(dataset.num_classes)
        sentences += _about_classes(dataset, counts == 0, f"no {what} image")
        if what == "training":
            sentences += _about_classes(dataset, counts == 1, "one training image only")
    counts = dataset.train.class_counts(dataset.num_classes)
    counts = np.where(counts == 0, counts.max(), counts)
    if counts.max() / counts.min() >= IMBALANCE:
        largest, smallest = dataset.class_names[counts.argmax()], dataset.class_names[counts.argmin()]
        sentences.append(
            f"classes are uneven: {counts.max():,} training images of {largest!r}, {counts.min():,} of {smallest!r}"
        )
    return sentences


def _about_classes(dataset: Dataset, which: npt.NDArray[np.bool_], what: str) -> list[str]:
    names = [repr(dataset.class_names[index]) for index in np.flatnonzero(which)]
    if not names:
        return []
    if len(names) == 1:
        return [f"class {names[0]} has {what}"]
    listed = ", ".join(names[:MOST_NAMED])
    rest = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return [f"{len(names):,} classes have {what}: {listed}{rest}"]


def _contrast_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        contrast = _contrast(split)
        if blank := int((contrast == 0).sum()):
            sentences.append(f"{blank:,} {what} image{_are(blank)} one flat colour")
        if faint := int(((contrast > 0) & (contrast < FAINT)).sum()):
            sentences.append(
                f"{faint:,} {what} image{_are(faint)} nearly blank: under {FAINT} grey levels from darkest to brightest pixel"
            )
    brightest = max(int(block.max()) for block in _blocks(dataset.train))
    if 0 < brightest <= DARK:
        sentences.append(
            f"no training image has a pixel brighter than {brightest} of 255: were they meant on another scale?"
        )
    return sentences


def _contrast(split: Split) -> npt.NDArray[np.int64]:
    """(n,) grey levels between the extremes of the channel where they are furthest apart."""
    spans = [(block.max(axis=(1, 2)).astype(np.int64) - block.min(axis=(1, 2))).max(axis=1) for block in _blocks(split)]
    return np.concatenate(spans)


def _duplicate_findings(dataset: Dataset) -> list[str]:
    train, test = _digests(dataset.train), _digests(dataset.test)
    sentences = []
    for what, digests in (("training", train), ("test", test)):
        if extra := len(digests) - len(set(digests)):
            sentences.append(
                f"{extra:,} {what} image{' repeats' if extra == 1 else 's repeat'} another one, pixel for pixel"
            )
    seen = set(train)
    if shared := sum(digest in seen for digest in test):
        sentences.append(f"{shared:,} test image{_are(shared)} in the training split too, pixel for pixel")
    if torn := _contradictions([*train, *test], np.concatenate([dataset.train.labels, dataset.test.labels])):
        sentences.append(f"{torn:,} image{' occurs' if torn == 1 else 's occur'} in more than one class, pixel for pixel")
    return sentences


def _contradictions(digests: Sequence[bytes], labels: npt.NDArray[np.int64]) -> int:
    """Different images that have several labels."""
    first: dict[bytes, int] = {}
    return len(
        {digest for digest, label in zip(digests, labels.tolist(), strict=True) if first.setdefault(digest, label) != label}
    )


def _digests(split: Split) -> list[bytes]:
    return [hashlib.blake2b(image.data, digest_size=16).digest() for block in _blocks(split) for image in block]


def _blocks(split: Split) -> Iterator[npt.NDArray[np.uint8]]:
    """The images, a few thousand at a time, in row order in memory."""
    for start in range(0, len(split), BLOCK):
        yield np.ascontiguousarray(split.images[start : start + BLOCK])


def _are(number: int) -> str:
    return " is" if number == 1 else "s are"
