"""Datasets: images, labels, class names and provenance."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from reprlib import repr as shortened
from typing import Any, Protocol, TypeAlias

import numpy as np

from ..errors import ConfigError, DatasetError, ShapeError
from ..formatting import composed, count_of
from ..system.arguments import check_kinds
from ..types import Images, Labels, PathLike
from .digits.mnist_style import DigitPreprocessing
from .read_options import AS_THEY_ARE, DEFAULTS, MAX_CLASSES, PixelForm, ReadOptions


@dataclass(frozen=True, eq=False)
class RowNames:
    """Names of images that are rows of one array or table, made when they are asked for."""

    source: str
    """The file or array and the word for its rows, such as ``test.csv line``."""
    numbers: Labels
    """(n,) numbers of the rows."""

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> str:
        return f"{self.source} {self.numbers[index]}"

    def __iter__(self) -> Iterator[str]:
        return (f"{self.source} {number}" for number in self.numbers.tolist())


Names: TypeAlias = tuple[str, ...] | RowNames


class Items(Protocol):
    """What has a length and numbered items: pairs of arrays, mappings, datasets of PyTorch."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...


class NumpyStream(Protocol):
    """What yields NumPy arrays, as ``tf.data.Dataset`` does."""

    def as_numpy_iterator(self) -> Any: ...


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels; a ShapeError unless shapes, dtypes and lengths agree."""

    images: Images
    """(n, h, w, c) uint8."""
    labels: Labels
    """(n,) int64, indices into the class names."""
    names: Names = ()
    """(n,) the file of each image, relative to the data, or its row, such as ``test.csv line 17``; empty if unknown."""
    groups: Labels | None = None
    """(n,) the group of each image; the images of one, such as the frames of a scene, are kept in one split."""

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        for name, array in (("images", images), ("labels", labels), ("groups", self.groups)):
            if not isinstance(array, np.ndarray) and (name, array) != ("groups", None):
                raise ShapeError(f"{name} must be an array; got {shortened(array)}. Convert it with numpy.asarray.")
        if not isinstance(self.names, (tuple, list, RowNames)):
            raise ShapeError(
                f"names must be a tuple of file names; got {shortened(self.names)}. Pass one per image, or none."
            )
        if images.ndim != 4 or images.dtype != np.uint8:
            raise ShapeError(
                f"images must be (n, h, w, c) uint8; got {images.shape} {images.dtype}. "
                "Add a last axis to grey images: images[..., None]."
            )
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ShapeError(
                f"labels must be (n,) integers; got {labels.shape} {labels.dtype}. Pass one class index per image."
            )
        if len(images) != len(labels):
            pair = f"{count_of(len(images), 'image')} but {count_of(len(labels), 'label')}"
            raise ShapeError(f"got {pair}. Pass one label per image.")
        if len(self.names) and len(self.names) != len(labels):
            pair = f"{count_of(len(labels), 'label')} but {count_of(len(self.names), 'file name')}"
            raise ShapeError(f"got {pair}. Pass one name per image, or none.")
        if self.groups is not None and self.groups.shape != labels.shape:
            raise ShapeError(f"groups must be {labels.shape}, one per image; got {self.groups.shape}.")
        object.__setattr__(self, "labels", labels.astype(np.int64, copy=False))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Labels) -> Split:
        """Return the images and labels at ``indices`` (m,), in that order."""
        groups = None if self.groups is None else self.groups[indices]
        return Split(self.images[indices], self.labels[indices], take_names(self.names, indices), groups)

    def name_of(self, index: int) -> str:
        """Return the file or row of an image; its number if nothing else is known."""
        return self.names[index] if len(self.names) else f"image {index:,}"

    def class_counts(self, num_classes: int) -> Labels:
        """Return the number of images of each class, (num_classes,)."""
        return np.bincount(self.labels, minlength=num_classes).astype(np.int64)


def take_names(names: Names, indices: Labels) -> Names:
    """Return the names at ``indices`` (m,), in that order; none if there are none."""
    if isinstance(names, RowNames):
        return RowNames(names.source, names.numbers[indices])
    return tuple(names[index] for index in indices.tolist()) if names else ()


@dataclass(frozen=True)
class Provenance:
    """Origin of a dataset and what was done on loading, for the run's record and the page."""

    source: str
    """A known name, or the path of the data."""
    description: str
    licence: str = ""
    content: str = "images"
    """Noun for the content of the images, such as ``digits``."""
    notes: tuple[str, ...] = field(default=())
    """Sentences about what was done on loading."""
    reading: ReadOptions = DEFAULTS
    """Options of the reader, to load the same data again."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Name and reason of each image file that could not be read."""
    pixels: PixelForm = AS_THEY_ARE
    """What was done to the pixels."""
    holds_out: bool = False
    """Whether the test split was held out by convscope, instead of brought by the data."""
    digits: DigitPreprocessing | None = None
    """Preprocessing of image files, if the images are digits or other characters, light on dark."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The class of each name in the data that class names in the same order replaced."""


MAX_NAME = 1000
"""Characters of a class name."""
IN_MEMORY = "arrays in memory"
"""The source of data that no command can read again."""


def check_class_names(names: Sequence[str], source: str) -> None:
    """Raise a DatasetError unless ``names`` can name the classes of the data in ``source``."""
    if len(names) > MAX_CLASSES:
        raise DatasetError(f"{source} has more than {MAX_CLASSES:,} class names. Name at most so many classes.")
    texts = [*map(composed, names)]
    repeated = next((name for name, times in Counter(texts).items() if times > 1), None)
    longest = max(texts, key=len, default="")
    if repeated is None and len(longest) <= MAX_NAME and all(texts) and "".join(texts).isprintable():
        return
    for name in texts:
        if not name.strip():
            raise DatasetError(f"{source} has a class with an empty name. Name it.")
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DatasetError(f"{source} has the class name {name!r}, which is no Unicode text. Rename it.") from error
    if repeated is not None:
        raise DatasetError(f"{source} has the class name {repeated!r} twice. Name each class once.")
    if len(longest) > MAX_NAME:
        raise DatasetError(
            f"{source} has a class name of {len(longest):,} characters ({longest[:20]!r}…), but at most {MAX_NAME:,} are "
            "supported. Shorten it."
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training split, and a test split for evaluation only, never for model selection."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        check_kinds(Dataset, vars(self))
        if not self.name:
            raise ConfigError(f"name must be a text that is not empty; got {self.name!r}.")
        if not isinstance(self.class_names, (tuple, list)):
            raise ConfigError(f"class_names must be a tuple of texts, one per class; got {shortened(self.class_names)}.")
        object.__setattr__(self, "class_names", tuple(map(composed, self.class_names)))
        check_class_names(self.class_names, self.name)
        for what, split in (("training", self.train), ("test", self.test)):
            if len(split) == 0:
                raise DatasetError(f"the {what} split of {self.name} is empty. Add at least one image.")
            if split.images.shape[1:] != self.image_shape:
                raise ShapeError(
                    f"{self.name} has training images of shape {self.image_shape} and test images of shape "
                    f"{split.images.shape[1:]}. Resize one of them."
                )
            lowest, highest = int(split.labels.min()), int(split.labels.max())
            if lowest < 0 or highest >= self.num_classes:
                raise DatasetError(
                    f"{what} labels of {self.name} must be 0 to {self.num_classes - 1} for {self.num_classes} classes; "
                    f"got {lowest} to {highest}."
                )
        if self.num_classes < 2 and not self.provenance.reading.all_as_test:
            raise DatasetError(f"{self.name} must have at least two classes; got {self.num_classes}.")

    @classmethod
    def from_arrays(
        cls,
        x_train: Any,
        y_train: Any,
        x_test: Any = None,
        y_test: Any = None,
        *,
        class_names: Sequence[str] | None = None,
        name: str = "arrays",
    ) -> Dataset:
        """Return the dataset of arrays; without a test split, a stratified fifth is held out.

        Args:
            x_train: Images (n, h, w), (n, h, w, c) or (n, c, h, w), grey or in colour, as bytes, or as floats from 0 to 1 or
                from -1 to 1; or rows (n, pixels) of square ones.
            y_train: Labels (n,), whole numbers or texts, or (n, k) one-hot.
            x_test: Images of the test split.
            y_test: Labels of the test split.
            class_names: Names of the classes, in order.
            name: The name of the dataset, which is in that of a run folder.

        Raises:
            DatasetError: The arrays do not fit together, or their scale is uncertain.

        >>> convscope.train(convscope.Dataset.from_arrays(images, labels, name="leaves"))
        """
        from .load import load_dataset  # which knows this module

        if not isinstance(name, str) or not name.strip() or not name.isprintable() or set(name) & set("/\\"):
            raise ConfigError(f"name must be a word for the dataset, without slashes; got {name!r}.")
        test = {key: array for key, array in (("x_test", x_test), ("y_test", y_test)) if array is not None}
        arrays = {"x_train": x_train, "y_train": y_train, **test}
        return replace(load_dataset(arrays, ReadOptions(class_names=class_names)), name=name)  # type: ignore[arg-type]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape (h, w, c) of each image."""
        _, height, width, channels = self.train.images.shape
        return height, width, channels

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of shapes, pixels and labels of both splits."""
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


Data: TypeAlias = PathLike | Dataset | Items | NumpyStream
"""A source that :func:`convscope.load_dataset` accepts."""
