"""Known datasets in IDX files, looked for where Keras, torchvision, Debian and ``convscope fetch`` leave them.

Nothing is fetched here.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from .composing import Origin
from .dataset import Dataset
from .idx_folder import UPRIGHT, IdxSet, find_sets, read_set
from .known_sets import KNOWN_SETS, MNIST_FILES, KnownSet
from .reading import ReadOptions

SHAPE = (28, 28, 1)
RECOGNISED_BY = (("test", "labels"), ("train", "labels"), ("test", "images"))
"""The small files first: what is another set is known for one after 10 kB."""


def load_known_set(known: KnownSet) -> Dataset:
    """The dataset, from the first place that has it. Raises :class:`DatasetError` where none has, or has another one."""
    for place in known.places():
        for found in find_sets(place):
            if found.name == known.prefix and len(found.files) == len(MNIST_FILES):
                return _read(known, found)
    looked = ", ".join(map(str, known.places()))
    raise DatasetError(
        f"{known.name} is not on this machine; its files were expected in one of: {looked}. "
        f"Fetch it once with: convscope fetch {known.name}"
    )


def _read(known: KnownSet, found: IdxSet) -> Dataset:
    notes = (UPRIGHT,) if known.prefix else ()
    origin = Origin(known.name, known.description, known.name, known.licence, known.content, known.class_names, notes)
    dataset = read_set(found, origin, ReadOptions())
    _check_counts(known, found, dataset)
    for (split, what), expected in known.sha256.items():
        digest = _digest(dataset, split, what)
        if digest != expected:
            raise DatasetError(
                f"{str(found.files[split, what])!r} has SHA-256 {digest[:12]}… when decompressed; {known.name}'s, "
                f"{expected[:12]}…, was expected. Remove the file, and fetch it with: convscope fetch {known.name}"
            )
    return dataset


def _check_counts(known: KnownSet, found: IdxSet, dataset: Dataset) -> None:
    """Raise :class:`DatasetError` where another number of images, or others than 28 × 28, lie under the set's name."""
    counts = len(dataset.train), len(dataset.test)
    if known.counts is None or (counts == known.counts and dataset.image_shape == SHAPE):
        return
    height, width, _ = dataset.image_shape
    raise DatasetError(
        f"{str(found.folder)!r} holds {counts[0]:,} and {counts[1]:,} images of {height} × {width} under the name of "
        f"{known.name}; its {known.counts[0]:,} and {known.counts[1]:,} of 28 × 28 were expected. Remove those files, and fetch "
        f"it with: convscope fetch {known.name}"
    )


def recognise(dataset: Dataset) -> Dataset:
    """``dataset``, which was read from IDX files, with the words of a known set where it is one to the byte."""
    for known in KNOWN_SETS.values():
        if known.sha256 and all(_digest(dataset, *key) == known.sha256[key] for key in RECOGNISED_BY):
            provenance = replace(
                dataset.provenance, description=known.description, licence=known.licence, content=known.content
            )
            return replace(dataset, class_names=tuple(known.class_names.values()), provenance=provenance)
    return dataset


def _digest(dataset: Dataset, split: str, what: str) -> str:
    part = dataset.train if split == "train" else dataset.test
    return sha256_of(part.images[..., 0] if what == "images" else part.labels.astype(np.uint8))


def sha256_of(array: npt.NDArray[Any]) -> str:
    """SHA-256 of the IDX file that holds this array of bytes."""
    digest = hashlib.sha256(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape))
    digest.update(np.ascontiguousarray(array, np.uint8).data)
    return digest.hexdigest()
