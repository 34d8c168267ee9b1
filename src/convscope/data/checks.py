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
    """Sentences about what looks odd: what was done on loading; classes without images or with one, imbalance, names that differ
    in capitals alone, blank images, duplicates; with the first few images that it is about. Empty where nothing does."""
    return (
        *dataset.provenance.notes,
        *_class_findings(dataset),
        *_alike_findings(dataset),
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


def _alike_findings(dataset: Dataset) -> list[str]:
    """Classes whose names differ in nothing that people see."""
    first: dict[str, str] = {}
    pairs = [(first.setdefault(name.strip().casefold(), name), name) for name in dataset.class_names]
    return [
        f"classes {one!r} and {other!r} differ in capitals or spaces alone: are they one?"
        for one, other in pairs
        if one != other
    ]


def _contrast_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        contrast = _contrast(split)
        if (blank := np.flatnonzero(contrast == 0)).size:
            sentences.append(
                f"{blank.size:,} {what} image{_are(blank.size)} one flat colour: {_listed(split, blank.tolist())}"
            )
        if (faint := np.flatnonzero((contrast > 0) & (contrast < FAINT))).size:
            sentences.append(
                f"{faint.size:,} {what} image{_are(faint.size)} nearly blank, under {FAINT} grey levels from darkest to brightest "
                f"pixel: {_listed(split, faint.tolist())}"
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
    for what, split, digests in (("training", dataset.train, train), ("test", dataset.test, test)):
        if pairs := _pairs(digests, digests):
            named = [f"{_name(split, later)} = {_name(split, first)}" for first, later in pairs[:MOST_NAMED]]
            repeats = " repeats" if len(pairs) == 1 else "s repeat"
            sentences.append(f"{len(pairs):,} {what} image{repeats} another one, pixel for pixel: {_cut(named, len(pairs))}")
    if shared := _pairs(train, test, across=True):
        named = [f"{_name(dataset.test, later)} = {_name(dataset.train, first)}" for first, later in shared[:MOST_NAMED]]
        sentences.append(
            f"{len(shared):,} test image{_are(len(shared))} in the training split too, pixel for pixel: {_cut(named, len(shared))}"
        )
    return sentences + _torn_findings(dataset, [*train, *test])


def _pairs(earlier: Sequence[bytes], later: Sequence[bytes], *, across: bool = False) -> list[tuple[int, int]]:
    """(first of the earlier, one of the later) that are equal: ``across`` two splits, or within one, not counting the first."""
    first: dict[bytes, int] = {}
    for index, digest in enumerate(earlier):
        first.setdefault(digest, index)
    found = ((first.get(digest), index) for index, digest in enumerate(later))
    return [(one, index) for one, index in found if one is not None and (across or one != index)]


def _torn_findings(dataset: Dataset, digests: Sequence[bytes]) -> list[str]:
    """Images that occur with several labels, in either split."""
    labels = [*dataset.train.labels.tolist(), *dataset.test.labels.tolist()]
    first: dict[bytes, int] = {}
    torn: dict[bytes, int] = {}
    for index, digest in enumerate(digests):
        if labels[first.setdefault(digest, index)] != labels[index]:
            torn.setdefault(digest, index)
    if not torn:
        return []
    named = [
        " = ".join(
            f"{_name_of_both(dataset, index)} ({dataset.class_names[labels[index]]!r})" for index in (first[digest], other)
        )
        for digest, other in list(torn.items())[:MOST_NAMED]
    ]
    occurs = " occurs" if len(torn) == 1 else "s occur"
    return [f"{len(torn):,} image{occurs} in more than one class, pixel for pixel: {_cut(named, len(torn))}"]


def _name(split: Split, index: int) -> str:
    return split.names[index] if split.names else f"number {index:,}"


def _name_of_both(dataset: Dataset, index: int) -> str:
    """Of an image of the training split, or of the test split after it."""
    num_train = len(dataset.train)
    split, what = (dataset.train, "training") if index < num_train else (dataset.test, "test")
    name = _name(split, index if index < num_train else index - num_train)
    return name if split.names else f"{what} {name}"


def _listed(split: Split, indices: Sequence[int]) -> str:
    return _cut([_name(split, index) for index in indices[:MOST_NAMED]], len(indices))


def _cut(named: Sequence[str], everything: int) -> str:
    more = f" and {everything - len(named):,} more" if everything > len(named) else ""
    return f"{', '.join(named)}{more}"


def _digests(split: Split) -> list[bytes]:
    return [hashlib.blake2b(image.data, digest_size=16).digest() for block in _blocks(split) for image in block]


def _blocks(split: Split) -> Iterator[npt.NDArray[np.uint8]]:
    """The images, a few thousand at a time, in row order in memory."""
    for start in range(0, len(split), BLOCK):
        yield np.ascontiguousarray(split.images[start : start + BLOCK])


def _are(number: int) -> str:
    return " is" if number == 1 else "s are"
