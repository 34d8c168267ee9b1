"""Digits that lie on their side: EMNIST stores its images transposed, and so do many copies of it.

The mean images of the classes are compared with MNIST's, upright and transposed.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..types import Floats, Images, Labels
from .dataset import Dataset
from .digits.recognize_dataset import with_note
from .preprocessing import resize

EMNIST = "emnist"
"""Part of the names of files with transposed images."""
NOTE = "transposed the images, which EMNIST stores on their side"
ASKED_NOTE = "transposed the images, as requested"
DIGITS = tuple("0123456789")
Orientation = Literal["upright", "transposed"]
ALIKE, BETTER = 0.5, 0.1
"""Least mean correlation with MNIST's images, and by how much it must exceed that of the other orientation."""
SAMPLE, FEWEST, MIN_SIDE = 2000, 20, 8
"""Images that are compared, the smallest number of them, and their smallest side."""


def transpose(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return images (n, h, w, …) with rows and columns swapped; a view if they are memory-mapped."""
    swapped = images.swapaxes(1, 2)
    return swapped if isinstance(images, np.memmap) else np.ascontiguousarray(swapped)


def find_orientation(images: Images, labels: Labels | None = None, class_names: Sequence[str] = ()) -> Orientation | None:
    """Return how images (n, h, w, 1) of digits lie, or None if they do not resemble MNIST's either way.

    Of images with ``labels`` (n,), those of classes that are named 0 to 9 count. Without labels, each image counts as the digit
    that it resembles most.
    """
    _, height, width, channels = images.shape
    digits = None if labels is None else np.array([int(each) if each in DIGITS else -1 for each in class_names])[labels]
    rows = np.arange(len(images)) if digits is None else np.flatnonzero(digits >= 0)
    if height != width or channels != 1 or height < MIN_SIDE or len(rows) < FEWEST:
        return None
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]
    sample, means = images[rows, ..., 0].astype(np.float32), _means(height)
    # Rotated and mirrored means, so that only what is transposed is taken for that.
    turned = [_unit(np.rot90(each, turns, (1, 2))) for each in (means, means.transpose(0, 2, 1)) for turns in range(4)]
    if digits is None:
        alike = [float(np.abs(_unit(sample) @ each.T).max(axis=1).mean()) for each in turned]
    else:
        shown = np.unique(digits[rows])
        own = _unit(np.stack([sample[digits[rows] == digit].mean(axis=0) for digit in shown]))
        alike = [float(np.abs((own * each[shown]).sum(axis=1)).mean()) for each in turned]
    best = int(np.argmax(alike))
    if best not in (0, 4) or alike[best] < ALIKE or abs(alike[0] - alike[4]) < BETTER:
        return None
    return "transposed" if best else "upright"


def transpose_dataset(dataset: Dataset) -> Dataset:
    """Return ``dataset`` with rows and columns of all images swapped, as requested."""
    train = replace(dataset.train, images=transpose(dataset.train.images))
    test = train if dataset.test is dataset.train else replace(dataset.test, images=transpose(dataset.test.images))
    pixels = replace(dataset.provenance.pixels, transposed=not dataset.provenance.pixels.transposed)
    provenance = replace(dataset.provenance, pixels=pixels)
    return with_note(replace(dataset, train=train, test=test, provenance=provenance), ASKED_NOTE)


@cache
def _means(side: int) -> Floats:
    """Return MNIST's mean images (10, side, side)."""
    with np.load(Path(__file__).with_name("mnist.npz")) as archive:
        images, labels = archive["x_test"], archive["y_test"]
    means = [images[labels == digit].mean(axis=0) for digit in range(10)]
    return np.stack([resize(mean.astype(np.uint8)[..., None], (side, side))[..., 0] for mean in means]).astype(np.float32)


def _unit(images: Floats) -> Floats:
    """Return (n, d): images (n, h, w) without their mean, of length 1."""
    flat = images.reshape(len(images), -1) - images.mean(axis=(1, 2))[:, None]
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))
