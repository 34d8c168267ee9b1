"""What a dataset is: images, labels, names of classes, and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..errors import DatasetError, ShapeError
from ..types import Images, Labels
from .digit import DigitSettings
from .reading import DEFAULTS, ReadOptions


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels.

    ``images`` (n, h, w, c) uint8; ``labels`` (n,) int64, index into the class names. Raises :class:`ShapeError` where
    the two do not fit together.
    """

    images: Images
    labels: Labels
    names: tuple[str, ...] = ()
    """Of the n files that the images come from, where each has its own; for sentences."""

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 4 or images.dtype != np.uint8:
            raise ShapeError(
                f"images have shape {images.shape} and dtype {images.dtype}; (n, h, w, c) uint8 was expected. "
                "Grey images need a last axis: images[..., None]."
            )
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ShapeError(
                f"labels have shape {labels.shape} and dtype {labels.dtype}; (n,) integers were expected. "
                "Pass one class index per image."
            )
        if len(images) != len(labels):
            raise ShapeError(f"{len(images):,} images but {len(labels):,} labels; one label per image was expected.")
        if self.names and len(self.names) != len(labels):
            raise ShapeError(
                f"{len(labels):,} labels but {len(self.names):,} names of files; one each, or none, was expected."
            )
        object.__setattr__(self, "labels", labels.astype(np.int64, copy=False))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Labels) -> Split:
        """The images and labels at ``indices`` (m,), in that order."""
        names = tuple(self.names[index] for index in indices.tolist()) if self.names else ()
        return Split(self.images[indices], self.labels[indices], names)

    def class_counts(self, num_classes: int) -> Labels:
        """(num_classes,) number of images of each class."""
        return np.bincount(self.labels, minlength=num_classes).astype(np.int64)


@dataclass(frozen=True)
class Provenance:
    """Where a dataset came from, for the run's record and the page's footnotes."""

    source: str
    """A known name, or the path that was read."""
    description: str
    licence: str = ""
    content: str = "images"
    """What the images are of, for sentences."""
    notes: tuple[str, ...] = field(default=())
    """What was done to it on loading, in sentences."""
    reading: ReadOptions = DEFAULTS
    """What the reader was told, so that the same can be read again."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Pictures that could not be read, by name, each with the reason."""
    digits: DigitSettings | None = None
    """How pictures are made into images like these, where each shows a digit, or another handwritten sign, bright on dark."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split of one kind of images. The test split is for measuring, never for choosing."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        for what, split in (("training", self.train), ("test", self.test)):
            if len(split) == 0:
                raise DatasetError(f"{self.name}: the {what} split is empty; at least one image was expected.")
            if split.images.shape[1:] != self.image_shape:
                raise ShapeError(
                    f"{self.name}: training images are {self.image_shape}, test images "
                    f"{split.images.shape[1:]}; one size was expected. Resize one of them."
                )
            lowest, highest = int(split.labels.min()), int(split.labels.max())
            if lowest < 0 or highest >= self.num_classes:
                raise DatasetError(
                    f"{self.name}: {what} labels run from {lowest} to {highest}; 0 to {self.num_classes - 1} "
                    f"was expected for {self.num_classes} classes."
                )
        if self.num_classes < 2:
            raise DatasetError(f"{self.name} has {self.num_classes} class; at least two were expected.")

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(h, w, c) of every image."""
        _, height, width, channels = self.train.images.shape
        return height, width, channels

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over shapes, pixels and labels of both splits: equal data, equal fingerprint."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            for array in (split.images, split.labels):
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        return (
            f"Dataset({self.name!r}, train={len(self.train):,}, test={len(self.test):,}, "
            f"images={height}×{width}×{channels}, classes={self.num_classes})"
        )
