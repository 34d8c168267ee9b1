"""Datasets known by name.

``mnist`` and ``digits`` ship in the package; those of ``registry.py`` must be on the machine already, in IDX files as Keras,
torchvision, Debian and convscope store them.
"""

import hashlib
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ..dataset import Dataset, Provenance, RowNames, Split
from ..read_options import ReadOptions
from ..readers.assemble import DatasetSource, all_as_test_note, held_out_note, hold_out_test
from ..readers.idx_folder import IdxSet, find_sets, read_set
from ..readers.npz import KEYS, read_arrays
from .registry import KNOWN_SETS, MNIST_FILES, KnownSet

MNIST_FILE = Path(__file__).parents[1] / "mnist.npz"
DIGITS_FILE = Path(__file__).parents[1] / "digits.npz"

MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
"""SHA-256 of the decompressed bytes of each array, independent of how the archive was packed."""
DIGIT_NAMES = tuple("0123456789")


def load_mnist(path: Path = MNIST_FILE) -> Dataset:
    """Load MNIST, 60,000 and 10,000 grey images of 28 × 28; DatasetError if damaged."""
    arrays = read_arrays(path)
    # Hashing releases the GIL: four threads take a third of the time of one.
    with ThreadPoolExecutor(4) as pool:
        digests = dict(zip(KEYS, pool.map(_sha256, (arrays[key] for key in KEYS)), strict=True))
    for key in KEYS:
        if digests[key] != MNIST_SHA256[key]:
            raise DatasetError(
                f"{str(path)!r} is damaged: {key} has SHA-256 {digests[key][:12]}…, not {MNIST_SHA256[key][:12]}…. "
                "Reinstall convscope."
            )
    provenance = Provenance(
        source="mnist",
        description="MNIST, handwritten digits of Census Bureau staff and high-school students",
        licence="CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
        content="digits",
    )
    train, test = (Split(arrays[f"x_{part}"][..., None], arrays[f"y_{part}"]) for part in ("train", "test"))
    return Dataset("mnist", train, test, DIGIT_NAMES, provenance)


def load_digits(*, all_as_test: bool = False, test_share: float | None = None) -> Dataset:
    """Load scikit-learn's digits: 1,797 grey images of 8 × 8, a share held out for testing unless all are test images."""
    with np.load(DIGITS_FILE) as archive:
        counts, labels = archive["images"], archive["labels"].astype(np.int64)
    # The source counts the set pixels of 4 × 4 blocks, 0 to 16; scale them to the range of uint8.
    images = np.round(counts * (255 / 16)).astype(np.uint8)[..., None]
    whole = Split(images, labels, RowNames("digits row", np.arange(len(labels))))
    train, test = hold_out_test(whole.labels, "digits", test_share)
    note = all_as_test_note(len(images)) if all_as_test else held_out_note(len(test), len(images))
    provenance = Provenance(
        source="digits",
        description="Scikit-learn's copy of the UCI optical recognition of handwritten digits",
        licence="CC BY 4.0, E. Alpaydin and C. Kaynak",
        content="digits",
        notes=(note,),
    )
    if all_as_test:
        return Dataset("digits", whole, whole, DIGIT_NAMES, provenance)
    return Dataset("digits", whole.take(train), whole.take(test), DIGIT_NAMES, provenance)


def _sha256(array: npt.NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


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


KNOWN: dict[str, Callable[[], Dataset]] = {
    "digits": load_digits,
    "mnist": load_mnist,
    **{name: partial(load_known_set, known) for name, known in KNOWN_SETS.items()},
}
