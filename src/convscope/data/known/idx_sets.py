"""Known datasets in IDX files, as stored by Keras, torchvision, Debian and convscope."""

import hashlib
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ..dataset import Dataset
from ..read_options import ReadOptions
from ..readers.assemble import DatasetSource
from ..readers.idx_folder import IdxSet, find_sets, read_set
from .registry import KNOWN_SETS, MNIST_FILES, KnownSet

SHAPE = (28, 28, 1)
IDENTIFYING_FILES = (("test", "labels"), ("train", "labels"), ("test", "images"))
"""Files compared to identify a dataset, the small ones first: most others differ within 10 kB."""


def load_known_set(known: KnownSet) -> Dataset:
    """Load a known dataset from the first folder that has it; DatasetError if none has."""
    for folder in known.folders():
        for found in find_sets(folder):
            if found.name == known.prefix and len(found.files) == len(MNIST_FILES):
                return _read(known, found)
    searched = ", ".join(map(str, known.folders()))
    raise DatasetError(
        f"{known.name} is not on this machine (searched {searched}). Download it once with: convscope fetch {known.name}"
    )


def _read(known: KnownSet, found: IdxSet) -> Dataset:
    origin = DatasetSource(known.name, known.description, known.name, known.licence, known.content, known.class_names)
    dataset = read_set(found, origin, ReadOptions())
    _check_counts(known, found, dataset)
    for (split, what), expected in known.sha256.items():
        digest = _digest(dataset, split, what)
        if digest != expected:
            raise DatasetError(
                f"{str(found.files[split, what])!r} is not {known.name}'s file: its decompressed SHA-256 is {digest[:12]}…, not "
                f"{expected[:12]}…. Remove it, then run: convscope fetch {known.name}"
            )
    return dataset


def _check_counts(known: KnownSet, found: IdxSet, dataset: Dataset) -> None:
    counts = len(dataset.train), len(dataset.test)
    if known.counts is None or (counts == known.counts and dataset.image_shape == SHAPE):
        return
    height, width, _ = dataset.image_shape
    raise DatasetError(
        f"{str(found.folder)!r} holds {counts[0]:,} and {counts[1]:,} images of {height} × {width}, but {known.name} has "
        f"{known.counts[0]:,} and {known.counts[1]:,} of 28 × 28. Remove these files, then run: convscope fetch {known.name}"
    )


def describe_if_known(dataset: Dataset) -> Dataset:
    """Describe a dataset from IDX files as a known one if its bytes are the same."""
    for known in KNOWN_SETS.values():
        if known.sha256 and all(_digest(dataset, *key) == known.sha256[key] for key in IDENTIFYING_FILES):
            provenance = replace(
                dataset.provenance, description=known.description, licence=known.licence, content=known.content
            )
            return replace(dataset, class_names=tuple(known.class_names.values()), provenance=provenance)
    return dataset


def _digest(dataset: Dataset, split: str, what: str) -> str:
    part = dataset.train if split == "train" else dataset.test
    return sha256_of(part.images[..., 0] if what == "images" else part.labels.astype(np.uint8))


def sha256_of(array: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of the IDX file that holds an array of bytes."""
    digest = hashlib.sha256(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape))
    digest.update(np.ascontiguousarray(array, np.uint8).data)
    return digest.hexdigest()
