"""Checks before training: imbalance, blank images, duplicates, near-duplicates across the split, contradictory labels."""

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..formatting import count_of, shorten_list
from ..types import Labels
from .dataset import Dataset, Split
from .file_groups import FileGroups, find_groups
from .near_duplicates import NearDuplicates, find_near_duplicates
from .orientation import find_orientation

FAINT = 8
"""Grey levels between the darkest and the brightest pixel below which an image is nearly blank."""
DARK = 64
"""If no training pixel is brighter than this, the values probably have another scale."""
MAX_NAMED = 5
CLEAN = {
    "466bdc00ce7ea4e6eef6274eb1ff4787902972196c3396d0fb05a045121f1f8b",
    "afb48f2c940375779279e542130ea9f93fd0beab8090fc3a7903b766b6772154",
}
"""Fingerprints of MNIST and scikit-learn's digits, which ship with convscope; the tests find no problem in them."""
BLOCK = 4096
"""Images checked at a time, so that memory-mapped data stay out of memory."""


@dataclass(frozen=True, eq=False)
class DatasetCheck:
    """What was found odd in a dataset."""

    problems: tuple[str, ...]
    """One sentence per problem, naming the first few images: empty and tiny classes, imbalance, class names that differ only in
    case, blank images, duplicates, images with several labels, and near-duplicates across the split."""
    near_duplicates: NearDuplicates
    copies: Labels
    """(m,) indices of the test images that equal a training image."""
    groups: FileGroups | None = None
    """Groups of files, such as the frames of a scene, if some are in both splits."""


def check_dataset(dataset: Dataset) -> DatasetCheck:
    """Look for problems of a dataset."""
    if dataset.fingerprint in CLEAN:
        none = np.empty(0, np.int64)
        return DatasetCheck((), NearDuplicates(none, none), none)
    near, groups = find_near_duplicates(dataset), find_groups(dataset)
    digests = _digests(dataset.train), _digests(dataset.test)
    shared = _pairs(*digests, across=True)
    problems = (
        *_class_findings(dataset),
        *_name_findings(dataset),
        *_contrast_findings(dataset),
        *_orientation_findings(dataset),
        *_duplicate_findings(dataset, digests, shared),
        *_near_duplicate_findings(dataset, near),
        *_group_findings(dataset, groups),
    )
    return DatasetCheck(problems, near, np.array([later for _, later in shared], np.int64), groups)


def _class_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        counts = split.class_counts(dataset.num_classes)
        sentences += _about_classes(dataset, counts == 0, f"no {what} image")
        if what == "training":
            sentences += _about_classes(dataset, counts == 1, "only one training image")
        elif dataset.provenance.holds_out:
            sentences += _about_classes(dataset, (counts > 0) & (counts < LEAST), f"fewer than {LEAST} test images")
    uneven = describe_imbalance(dataset.train.class_counts(dataset.num_classes), dataset.class_names)
    return [*sentences, f"{uneven} (see --balance)"] if uneven else sentences


def _about_classes(dataset: Dataset, which: npt.NDArray[np.bool_], what: str) -> list[str]:
    names = [repr(dataset.class_names[index]) for index in np.flatnonzero(which)]
    if len(names) < 2:
        return [f"class {name} has {what}" for name in names]
    return [f"{len(names):,} classes have {what}: {shorten_list(names, MAX_NAMED)}"]


def _name_findings(dataset: Dataset) -> list[str]:
    first: dict[str, str] = {}
    pairs = [(first.setdefault(name.strip().casefold(), name), name) for name in dataset.class_names]
    return [
        f"class names {one!r} and {other!r} differ only in case or spaces: are they one class?"
        for one, other in pairs
        if one != other
    ]


def _contrast_findings(dataset: Dataset) -> list[str]:
    sentences = []
    for what, split in (("training", dataset.train), ("test", dataset.test)):
        contrast = _contrast(split)
        if (blank := np.flatnonzero(contrast == 0)).size:
            has = "has" if blank.size == 1 else "have"
            sentences.append(
                f"{count_of(blank.size, f'{what} image')} {has} a single colour: {_named(split, blank.tolist())}"
            )
        if (faint := np.flatnonzero((contrast > 0) & (contrast < FAINT))).size:
            verb = "is" if faint.size == 1 else "are"
            sentences.append(
                f"{count_of(faint.size, f'{what} image')} {verb} nearly blank (fewer than {FAINT} grey levels between darkest and "
                f"brightest pixel): {_named(split, faint.tolist())}"
            )
    brightest = max(int(block.max()) for block in _blocks(dataset.train))
    if 0 < brightest <= DARK:
        black, white = dataset.provenance.pixels.range
        raw = f"{black:g}..{black + (white - black) * brightest / 255:.6g}"
        sentences.append(
            f"no training image has a pixel above {brightest} of 255: if that is white, stretch the values with --pixel-range {raw}"
        )
    return sentences


def _orientation_findings(dataset: Dataset) -> list[str]:
    if find_orientation(dataset.train.images, dataset.train.labels, dataset.class_names) != "transposed":
        return []
    return ["the digits lie on their side, as EMNIST stores them: turn them upright with --transpose"]


def _contrast(split: Split) -> npt.NDArray[np.int64]:
    """Return (n,) the range of grey levels in the channel where it is largest."""
    ranges = [(block.max(axis=(1, 2)).astype(np.int64) - block.min(axis=(1, 2))).max(axis=1) for block in _blocks(split)]
    return np.concatenate(ranges)


def _duplicate_findings(
    dataset: Dataset, digests: tuple[list[bytes], list[bytes]], shared: Sequence[tuple[int, int]]
) -> list[str]:
    train, test = digests
    sentences = []
    for what, split, own in (("training", dataset.train, train), ("test", dataset.test, test)):
        if pairs := _pairs(own, own):
            named = [f"{split.name_of(later)} = {split.name_of(first)}" for first, later in pairs[:MAX_NAMED]]
            verb = "duplicates" if len(pairs) == 1 else "duplicate"
            sentences.append(
                f"{count_of(len(pairs), f'{what} image')} {verb} another one: {shorten_list(named, MAX_NAMED, len(pairs))}"
            )
    if shared:
        named = [f"{dataset.test.name_of(later)} = {dataset.train.name_of(first)}" for first, later in shared[:MAX_NAMED]]
        verb, listed = "occurs" if len(shared) == 1 else "occur", shorten_list(named, MAX_NAMED, len(shared))
        sentences.append(f"{count_of(len(shared), 'test image')} also {verb} in the training split: {listed}")
    return sentences + _contradiction_findings(dataset, [*train, *test])


def _near_duplicate_findings(dataset: Dataset, near: NearDuplicates) -> list[str]:
    if not len(near):
        return []
    named = [f"{test} ≈ {train}" for test, train in near.names(dataset, MAX_NAMED)]
    verb = "is" if len(near) == 1 else "are"
    found = f"{len(near):,} of {count_of(len(dataset.test), 'test image')} {verb} nearly the same as a training image"
    return [f"{found}, so the accuracy on them is not that on new images: {shorten_list(named, MAX_NAMED, len(near))}"]


def _group_findings(dataset: Dataset, groups: FileGroups | None) -> list[str]:
    if groups is None:
        return []
    shared, count = shorten_list(groups.shared[:MAX_NAMED], MAX_NAMED, len(groups.shared)), len(groups.shared)
    verb, pattern = "is" if count == 1 else "are", shlex.quote(groups.pattern)
    found = f"{count:,} of {count_of(groups.number, 'group')} {verb} in both the training and the test split ({shared})"
    if not groups.is_offered:
        return [f"{found}: move each into one of them"]
    remedy = f"keep each in one split with --group-by {pattern}"
    if not dataset.provenance.holds_out:
        remedy = f"move each into one of them, and validate on whole groups with --group-by {pattern}"
    return [f"file names suggest groups of images that belong together, and {found}: {remedy}"]


def _pairs(earlier: Sequence[bytes], later: Sequence[bytes], *, across: bool = False) -> list[tuple[int, int]]:
    """Return pairs of equal digests as (first index in ``earlier``, index in ``later``).

    Unless the sequences are those of two splits (``across``), a first occurrence makes no pair with itself.
    """
    first: dict[bytes, int] = {}
    for index, digest in enumerate(earlier):
        first.setdefault(digest, index)
    found = ((first.get(digest), index) for index, digest in enumerate(later))
    return [(one, index) for one, index in found if one is not None and (across or one != index)]


def _contradiction_findings(dataset: Dataset, digests: Sequence[bytes]) -> list[str]:
    labels = [*dataset.train.labels.tolist(), *dataset.test.labels.tolist()]
    first: dict[bytes, int] = {}
    contradictory: dict[bytes, int] = {}
    for index, digest in enumerate(digests):
        if labels[first.setdefault(digest, index)] != labels[index]:
            contradictory.setdefault(digest, index)
    if not contradictory:
        return []
    named = [
        " = ".join(
            f"{_name_in_dataset(dataset, index)} ({dataset.class_names[labels[index]]!r})"
            for index in (first[digest], other)
        )
        for digest, other in list(contradictory.items())[:MAX_NAMED]
    ]
    number = len(contradictory)
    verb = "occurs" if number == 1 else "occur"
    return [f"{count_of(number, 'image')} {verb} in more than one class: {shorten_list(named, MAX_NAMED, number)}"]


def _name_in_dataset(dataset: Dataset, index: int) -> str:
    """Return the name of an image, counting those of the test split after the training split."""
    num_train = len(dataset.train)
    split, what = (dataset.train, "training") if index < num_train else (dataset.test, "test")
    name = split.name_of(index if index < num_train else index - num_train)
    return name if len(split.names) else f"{what} {name}"


def _named(split: Split, indices: Sequence[int]) -> str:
    return shorten_list([split.name_of(index) for index in indices[:MAX_NAMED]], MAX_NAMED, len(indices))


def _digests(split: Split) -> list[bytes]:
    return [hashlib.blake2b(image.data, digest_size=16).digest() for block in _blocks(split) for image in block]


def _blocks(split: Split) -> Iterator[npt.NDArray[np.uint8]]:
    for start in range(0, len(split), BLOCK):
        yield np.ascontiguousarray(split.images[start : start + BLOCK])


IMBALANCE, LEAST = 3, 10
"""Classes are imbalanced where the largest has three times the images of the smallest, as 75% to 25% of two classes, and at least
ten: fewer differ by the way a sample was drawn."""


def is_imbalanced(counts: Labels) -> bool:
    """Return whether classes with ``counts`` (k,) images are imbalanced; those without an image are left out."""
    present = counts[counts > 0]
    return bool(present.size and present.max() >= max(LEAST, IMBALANCE * present.min()))


def describe_imbalance(counts: Labels, class_names: Sequence[str]) -> str:
    """Return the numbers of training images of the largest and the smallest class; empty if the classes are even."""
    if not is_imbalanced(counts):
        return ""
    present = np.flatnonzero(counts)
    largest, smallest = present[counts[present].argmax()], present[counts[present].argmin()]
    return (
        f"classes are imbalanced: {counts[largest]:,} training images of {class_names[largest]!r}, {counts[smallest]:,} of "
        f"{class_names[smallest]!r}"
    )
