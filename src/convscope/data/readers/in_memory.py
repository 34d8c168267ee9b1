"""Datasets from memory: NumPy arrays, pairs as ``keras.datasets`` returns them, and datasets of TensorFlow and PyTorch.

None of these libraries is imported: an object counts by what it offers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Real
from reprlib import repr as shortened
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...errors import DatasetError
from ...system.memory import check_memory
from ..dataset import IN_MEMORY, Dataset
from ..images.decode import from_pillow
from ..read_options import DEFAULTS, ReadOptions
from .assemble import DatasetSource, RawSplit, assemble_splits, rows_of
from .npz import KEYS, NAMES, VALIDATION, class_names_in, refuse_left_out
from .pixel_values import CHANNELS

NAME = "arrays"
OF_LEVELS = frozenset({"1", "L", "I", "F", "RGB", "RGBA"})
"""Modes of Pillow whose numbers are grey levels or colours."""
SPLITS: dict[int, tuple[str, ...]] = {1: ("train",), 2: ("train", "test"), 3: ("train", "val", "test")}
"""Names of the splits by their number."""
WANTED = (
    "Pass a name, a path, (x, y), ((x_train, y_train), (x_test, y_test)), a mapping with x_train and y_train, a tf.data.Dataset, "
    "or a sequence of pairs of image and label."
)


def from_memory(data: Any, options: ReadOptions = DEFAULTS) -> Dataset:
    """Return the dataset in an object that holds it.

    Args:
        data: ``(x, y)``, or two or three such pairs: training, perhaps validation, and test; a mapping with the names of an
            ``.npz`` file; a finite ``tf.data.Dataset``, or a sequence such as a dataset of PyTorch, of image and label, in
            batches or not; or a pair of these for training and test. Images and labels are those of an ``.npz`` file.
        options: What the data leave open.

    Raises:
        DatasetError: The object is none of these, or its arrays do not fit together.
    """
    parts = {split: RawSplit(images, labels, rows_of(f"x_{split}", images) if images.ndim else None)
             for split, (images, labels) in _splits(data).items()}  # fmt: skip
    origin = DatasetSource(IN_MEMORY, "Arrays in memory", NAME, class_names=_class_names(data))
    return assemble_splits(origin, parts, options)


def _splits(data: Any) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    if _is_mapping(data):
        return _of_mapping(data)
    if isinstance(data, (tuple, list)) and len(data) in SPLITS:
        if len(data) == 2 and not _is_pair(data[0]) and not _is_stream(data[0]):
            return {"train": _pair(*data)}
        if all(_is_pair(part) or _is_stream(part) for part in data):
            return {split: _pair(*part) if _is_pair(part) else _collected(part)
                    for split, part in zip(SPLITS[len(data)], data, strict=True)}  # fmt: skip
    if _is_stream(data):
        return {"train": _collected(data)}
    raise DatasetError(f"{type(data).__name__} is no data that convscope reads. {WANTED}")


def _is_mapping(data: Any) -> bool:
    return isinstance(data, Mapping) or hasattr(data, "files")  # what numpy.load returns


def _of_mapping(data: Any) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    by_split = {"train": KEYS[:2], "val": VALIDATION, "test": KEYS[2:]}
    found = {split: keys for split, keys in by_split.items() if keys[0] in data and keys[1] in data}
    refuse_left_out(data, "the dataset")
    if "train" not in found and "x" in data and "y" in data:
        found = {"train": ("x", "y")}
    if "train" not in found:
        keys = ", ".join(map(str, list(data)[:12])) or "nothing"
        raise DatasetError(f"a mapping must hold x_train and y_train, or x and y; found {keys}. Rename its arrays.")
    return {split: _pair(data[images], data[labels]) for split, (images, labels) in found.items()}


def _is_pair(part: Any) -> bool:
    """Return whether ``part`` is images and labels, each an array or a list of numbers."""
    if not isinstance(part, (tuple, list)) or len(part) != 2:
        return False
    try:
        return np.ndim(part[1]) > 0 and len(part[1]) == len(part[0])
    except (TypeError, ValueError):  # one without a length, labels in rows of unequal lengths
        return False


def _is_stream(part: Any) -> bool:
    """Return whether ``part`` yields images with labels, one by one or in batches."""
    if hasattr(part, "__array__") or isinstance(part, (str, bytes, memoryview, Mapping, type)):
        return False
    return hasattr(part, "as_numpy_iterator") or (hasattr(part, "__len__") and hasattr(part, "__getitem__")
                                                  and len(part) > 0 and _is_item(part[0]))  # fmt: skip


def _is_item(item: Any) -> bool:
    return isinstance(item, (tuple, list)) and len(item) == 2 and np.ndim(item[0]) >= 2


def _pair(images: Any, labels: Any, item: int | None = None) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    arrays = []
    for what, values in (("images", _with_levels(images)), ("labels", labels)):
        if np.ma.is_masked(values):
            raise DatasetError(f"the {what} are a masked array with missing values. Fill them, or leave those images out.")
        try:
            array = np.asarray(values)
        except (TypeError, ValueError, RuntimeError) as error:  # rows of unequal lengths, tensors on a GPU
            raise DatasetError(f"the {what} cannot be made an array: {error}. Convert them with numpy.asarray.") from error
        if array.dtype.hasobject and what == "images":
            raise DatasetError(f"the {what} must be one array of numbers; got Python objects. Convert them first.")
        # Of a list, NumPy makes texts of numbers beside texts, and of NaN.
        if array.dtype.hasobject or (array.ndim and array.dtype.kind in "US" and not hasattr(values, "__array__")):
            array = _of_one_kind(np.asarray(values, object), item)
        arrays.append(array)
    return arrays[0], arrays[1]


def _with_levels(images: Any) -> Any:
    """Return images with grey levels or RGB in those of Pillow, whose numbers may be others, such as indices of a palette."""
    if isinstance(images, (list, tuple)) and images and isinstance(images[0], Image.Image):
        return [*map(_with_levels, images)]
    if not isinstance(images, Image.Image) or images.mode in OF_LEVELS or images.mode.startswith("I;16"):
        return images
    return from_pillow(images, f"a picture of mode {images.mode}").pixels


def _of_one_kind(labels: npt.NDArray[np.object_], item: int | None) -> npt.NDArray[Any]:
    """Return labels (n, ...) of any Python objects, such as a column of pandas, if all are texts or all are numbers."""
    given = labels.ravel().tolist()
    counts = Counter(map(type, given))
    kinds = {
        each: next((kind for kind in (str, bytes, (Real, np.bool_)) if issubclass(each, kind)), None) for each in counts
    }
    usual = next((kinds[each] for each, _ in counts.most_common(1)), None)
    wrong = next((index for index, each in enumerate(given) if usual is None or kinds[type(each)] != usual), None)
    if wrong is None:
        return np.array(given).reshape(labels.shape)
    found, remedy = shortened(given[wrong]), "Pass a list or an array"
    if labels.ndim or item is not None:
        place = f"in item {item:,}" if item is not None else f"at row {wrong * len(labels) // len(given):,}"
        found, remedy = f"{found} {place}", "Correct it, or leave that image out"
    raise DatasetError(f"the labels must be all numbers or all texts; got {found}. {remedy}.")


def _collected(stream: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    images: list[npt.NDArray[Any]] = []
    labels: list[npt.NDArray[Any]] = []
    for number, item in enumerate(_items(stream)):
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise DatasetError(
                f"each item of a {type(stream).__name__} must be an image and its label. Leave out other parts."
            )
        image, label = _pair(item[0], item[1], number)
        # Three axes are a grey batch, or one image with its channels last and a one-hot label.
        is_batch = label.ndim >= 1 and (image.ndim == 4 or (image.ndim == 3 and image.shape[2] not in CHANNELS))
        images.append(image if is_batch else image[None])
        labels.append(label if is_batch else label[None])
    if not images:
        raise DatasetError(f"a {type(stream).__name__} holds no images. Pass at least one per class.")
    check_memory(sum(each.nbytes for each in images), f"a {type(stream).__name__}")
    for what, arrays in (("images", images), ("labels", labels)):
        if len({each.dtype.kind.replace("u", "i") for each in arrays}) > 1:
            raise DatasetError(f"the {what} of a {type(stream).__name__} differ in dtype. Convert them to one.")
    try:
        return np.concatenate(images), np.concatenate(labels)
    except ValueError as error:
        raise DatasetError(
            f"the images of a {type(stream).__name__} differ in shape: {error}. Resize them to one size."
        ) from error


def _items(stream: Any) -> Iterator[Any] | Iterable[Any]:
    if not hasattr(stream, "as_numpy_iterator"):
        return (stream[index] for index in range(len(stream)))  # PyTorch's need not end by themselves
    number = int(stream.cardinality()) if hasattr(stream, "cardinality") else 0
    if number == -1:
        raise DatasetError(f"a {type(stream).__name__} that repeats without end cannot be read. Drop repeat().")
    return stream.as_numpy_iterator()  # type: ignore[no-any-return]


def _class_names(data: Any) -> Sequence[str] | None:
    """Return the names in a mapping, or TensorFlow's ``class_names`` or torchvision's ``classes`` of the data or its first part."""
    if _is_mapping(data):
        return class_names_in(np.asarray(data[NAMES]), "the dataset") if NAMES in data else None
    first = data[0] if isinstance(data, (tuple, list)) and data else data
    found = next((getattr(first, each) for each in ("class_names", "classes") if hasattr(first, each)), None)
    return [*map(str, found)] if isinstance(found, (tuple, list)) and found else None
