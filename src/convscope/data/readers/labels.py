"""Conversion of labels (whole numbers, texts, one-hot rows) to class indices and names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, DatasetError
from ...formatting import composed, shorten_list
from ...types import Labels
from ..read_options import MAX_CLASSES

ClassNames: TypeAlias = Sequence[str] | Mapping[int, str] | None
MAX_RENAMED = 30
"""Classes that a note on other names lists."""


def index_labels(
    parts: Sequence[npt.NDArray[Any]], name: str, class_names: ClassNames = None, *, least: int = 2
) -> tuple[list[Labels], tuple[str, ...]]:
    """Convert labels to class indices (n,) for each split, and return the class names too.

    Numbers 0 to k - 1 are class indices already. Other numbers, such as 1 to 26, and texts are indexed in natural order and
    become the class names. The labels of a split are (n,) or (n, 1) whole numbers, booleans or texts, or (n, k) one-hot;
    ``class_names`` are names in the order of the numbers or by number, and for texts their order or other names.

    Raises:
        DatasetError: A label is invalid; the message names the first one.
        ConfigError: ``class_names`` do not fit the labels.
    """
    columns = [_column(part, name) for part in parts]
    texts = [column.dtype.kind == "U" for column in columns]
    if any(texts) and not all(texts):
        raise DatasetError(f"{name} has numbers as labels in one split and texts in the other. Use the same kind in both.")
    values: list[Any] = sorted(np.unique(np.concatenate(columns)).tolist(), key=natural_order)
    _check_count(values, name, least)
    if isinstance(class_names, Mapping):
        return _by_number(columns, values, class_names, name)
    if class_names is not None and not any(texts) and values[0] >= 0 and values[-1] < len(class_names):
        return [column.astype(np.int64) for column in columns], tuple(class_names)
    order, names = _named(values, name, class_names)
    index_of = {value: index for index, value in enumerate(order)}
    return [np.array([index_of[value] for value in column.tolist()], dtype=np.int64) for column in columns], names


def _by_number(
    columns: list[npt.NDArray[Any]], values: list[Any], names: Mapping[int, str], name: str
) -> tuple[list[Labels], tuple[str, ...]]:
    unnamed = [value for value in values if value not in names]
    if unnamed:
        raise DatasetError(
            f"{name} has the label {unnamed[0]!r}, but the {len(names)} class names are for labels {min(names)} to {max(names)}. "
            "Check that labels and names belong together."
        )
    order = np.array(sorted(names))
    return [np.searchsorted(order, column) for column in columns], tuple(names[number] for number in order.tolist())


def natural_order(value: Any) -> tuple[Any, ...]:
    """Return a sort key that puts ``"class 9"`` before ``"class 10"``."""
    if not isinstance(value, str):
        return (value,)
    runs = re.split(r"([0-9]+)", value)
    return tuple((0, *_size(run)) if index % 2 else (1, 0, run.casefold()) for index, run in enumerate(runs)), value


def _size(number: str) -> tuple[int, str]:
    # Compared by length, then text: int() refuses more than 4,300 digits.
    digits = number.lstrip("0")
    return len(digits), digits


def rename(names: Sequence[str], wanted: Sequence[str] | None, what: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Reorder or rename classes; return the classes in order, and their names.

    ``wanted`` are the same names in another order, possibly with more; or as many other names. Anything else is a ConfigError.
    """
    if wanted is None:
        return tuple(names), tuple(names)
    wanted = tuple(map(composed, wanted))
    if set(names) <= set(wanted):
        return wanted, wanted
    if len(wanted) == len(names):
        return tuple(names), wanted
    missing = [name for name in names if name not in wanted]
    raise ConfigError(
        f"got {len(wanted):,} class names, but {what} has {len(names):,} classes: {_quoted(names)}. Pass as many names, or "
        f"these in another order (missing: {_quoted(missing)})."
    )


def renamed_note(renamed: Mapping[str, str]) -> str:
    """Return the note that classes got other names by their order."""
    pairs = [f"{old} as {new}" for old, new in renamed.items()]
    return f"renamed the classes, in the order of their names: {shorten_list(pairs, MAX_RENAMED)}"


def _named(values: list[Any], name: str, class_names: Sequence[str] | None) -> tuple[list[Any], tuple[str, ...]]:
    texts = [str(value) for value in values]
    if isinstance(values[0], str):
        order, names = rename(texts, class_names, name)
        return list(order), names
    if class_names is None:
        return values, tuple(texts)
    if len(class_names) != len(values):
        raise ConfigError(
            f"got {len(class_names):,} class names, but {name} has {len(values):,} different labels, {values[0]} to "
            f"{values[-1]}. Pass one name per label."
        )
    return values, tuple(class_names)


def _column(labels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "biuf" and _is_one_hot(labels):
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise DatasetError(
            f"labels of {name} must be (n,) numbers or texts, or (n, k) one-hot; got shape {labels.shape}. Save one label per "
            "image."
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "backslashreplace")
    if labels.dtype.kind == "U":
        texts, index_of = np.unique(labels, return_inverse=True)
        return np.array(list(map(composed, texts.tolist())), dtype=np.str_)[index_of]
    if labels.dtype.kind not in "biuf":
        raise DatasetError(f"labels of {name} must be whole numbers or texts; got dtype {labels.dtype}. Convert them.")
    whole = labels.astype(np.int64) if labels.dtype.kind != "f" else _whole(labels, name)
    if labels.dtype == np.uint64 and labels.size and labels.max() > np.iinfo(np.int64).max:
        raise DatasetError(f"labels of {name} must fit int64; got {labels.max()}. Number the classes from 0.")
    return whole


def _is_one_hot(labels: npt.NDArray[Any]) -> bool:
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _whole(labels: npt.NDArray[Any], name: str) -> Labels:
    with np.errstate(over="ignore"):
        labels = labels.astype(np.float64)
    bad = ~(np.isfinite(labels) & (np.abs(labels) < 2**53))
    bad[~bad] = labels[~bad] != np.floor(labels[~bad])
    if bad.any():
        row = int(bad.argmax())
        raise DatasetError(f"labels of {name} must be whole numbers; got {labels[row]} at row {row:,}. Correct it.")
    return labels.astype(np.int64)


def _check_count(values: list[Any], name: str, least: int) -> None:
    if not values:
        raise DatasetError(f"{name} holds no labels. Add images of at least two classes.")
    if len(values) > MAX_CLASSES:
        raise DatasetError(
            f"{name} has {len(values):,} different labels ({_quoted(list(map(str, values)))}), but at most "
            f"{MAX_CLASSES:,} classes are supported. Check which column or array holds the labels."
        )
    if len(values) < least:
        raise DatasetError(f"{name} has only one class, {str(values[0])!r}. Add images of another class.")


def _quoted(names: Sequence[str]) -> str:
    return shorten_list(list(map(repr, names)))
