"""From labels as data sets have them (numbers from anywhere, names, one-hot rows) to class indices and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DatasetError
from ..types import Labels
from .reading import MOST_CLASSES

MOST_NAMED = 5
ClassNames: TypeAlias = Sequence[str] | Mapping[int, str] | None


def index_labels(
    parts: Sequence[npt.NDArray[Any]], name: str, class_names: ClassNames = None
) -> tuple[list[Labels], tuple[str, ...]]:
    """Class indices (n,) of each split's labels, and the names of the classes.

    Each of ``parts``: (n,) or (n, 1) whole numbers, truth values or texts, or (n, k) one-hot. Numbers 0 to k - 1 are indices
    already; others, such as 1 to 26, and texts are numbered in their natural order and give the classes their names.
    ``class_names``: the names instead, in order of the numbers, or by number; or an order of the texts themselves.

    Raises :class:`DatasetError` naming the first label that is none, or :class:`ConfigError` where ``class_names`` do not fit.
    """
    columns = [_column(part, name) for part in parts]
    texts = [column.dtype.kind == "U" for column in columns]
    if any(texts) and not all(texts):
        raise DatasetError(
            f"{name}: the labels of one split are numbers, those of the other texts; the same kind was expected in both."
        )
    values: list[Any] = sorted(np.unique(np.concatenate(columns)).tolist(), key=natural_order)
    _check_count(values, name)
    if isinstance(class_names, Mapping):
        return _by_number(columns, values, class_names, name)
    if class_names is not None and not any(texts) and values[0] >= 0 and values[-1] < len(class_names):
        return [column.astype(np.int64) for column in columns], tuple(class_names)
    order, names = _named(values, name, class_names)
    place = {value: index for index, value in enumerate(order)}
    return [np.array([place[value] for value in column.tolist()], dtype=np.int64) for column in columns], names


def _by_number(
    columns: list[npt.NDArray[Any]], values: list[Any], names: Mapping[int, str], name: str
) -> tuple[list[Labels], tuple[str, ...]]:
    strange = [value for value in values if value not in names]
    if strange:
        raise DatasetError(
            f"{name} has the label {strange[0]!r}, for which there is no name; {len(names)} labels, from {min(names)} to "
            f"{max(names)}, were expected. Check that labels and names belong together."
        )
    order = np.array(sorted(names))
    return [np.searchsorted(order, column) for column in columns], tuple(names[number] for number in order.tolist())


def natural_order(value: Any) -> tuple[Any, ...]:
    """A key for sorting: ``"class 9"`` before ``"class 10"``, numbers by size."""
    if not isinstance(value, str):
        return (value,)
    runs = re.split(r"([0-9]+)", value)
    return tuple((0, *_size(run)) if index % 2 else (1, 0, run.casefold()) for index, run in enumerate(runs)), value


def _size(number: str) -> tuple[int, str]:
    """Of digits, however many: Python makes no number of over 4,300."""
    digits = number.lstrip("0")
    return len(digits), digits


def rename(names: Sequence[str], wanted: Sequence[str] | None, what: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``names`` in the order that ``wanted`` gives, and what to call them.

    ``wanted`` holds the names themselves, in any order and perhaps with others that have no image; or as many other names.
    Raises :class:`ConfigError` where it is neither; ``what`` says whose names they are.
    """
    if wanted is None:
        return tuple(names), tuple(names)
    if set(names) <= set(wanted):
        return tuple(wanted), tuple(wanted)
    if len(wanted) == len(names):
        return tuple(names), tuple(wanted)
    strange = [name for name in names if name not in wanted]
    raise ConfigError(
        f"{len(wanted):,} class names were given, but {what} has {len(names):,} classes: "
        f"{_listed(names)}; as many were expected, or these in another order ({_listed(strange)} is not among those given)."
    )


def _named(values: list[Any], name: str, class_names: Sequence[str] | None) -> tuple[list[Any], tuple[str, ...]]:
    texts = [str(value) for value in values]
    if isinstance(values[0], str):
        order, names = rename(texts, class_names, name)
        return list(order), names
    if class_names is None:
        return values, tuple(texts)
    if len(class_names) != len(values):
        raise ConfigError(
            f"{len(class_names):,} class names were given, but {name} has {len(values):,} different labels, from {values[0]} "
            f"to {values[-1]}; as many were expected."
        )
    return values, tuple(class_names)


def _column(labels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """(n,) int64 or text."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "biuf" and _is_one_hot(labels):
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise DatasetError(
            f"{name}: labels have shape {labels.shape}; (n,) class numbers or names, or (n, k) one-hot, were expected. "
            "Save one label per image."
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "backslashreplace")
    if labels.dtype.kind == "U":
        return labels
    if labels.dtype.kind not in "biuf":
        raise DatasetError(f"{name}: labels have dtype {labels.dtype}; whole numbers or texts were expected. Convert them.")
    whole = labels.astype(np.int64) if labels.dtype.kind != "f" else _whole(labels, name)
    if labels.dtype == np.uint64 and labels.size and labels.max() > np.iinfo(np.int64).max:
        raise DatasetError(f"{name}: a label is {labels.max()}; class numbers were expected. Number the classes from 0.")
    return whole


def _is_one_hot(labels: npt.NDArray[Any]) -> bool:
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _whole(labels: npt.NDArray[Any], name: str) -> Labels:
    bad = ~(np.isfinite(labels) & (np.abs(labels) < 2**53))
    bad[~bad] = labels[~bad] != np.floor(labels[~bad])
    if bad.any():
        row = int(bad.argmax())
        raise DatasetError(f"{name}: label {labels[row]} at row {row:,} is no class; a whole number was expected. Round it.")
    return labels.astype(np.int64)


def _check_count(values: list[Any], name: str) -> None:
    if not values:
        raise DatasetError(f"{name} holds no labels; at least two classes were expected.")
    if len(values) > MOST_CLASSES:
        raise DatasetError(
            f"{name} has {len(values):,} different labels, such as {_listed([str(value) for value in values])}; at most "
            f"{MOST_CLASSES:,} classes were expected. Check which column or array holds the labels."
        )
    if len(values) == 1:
        raise DatasetError(f"{name} has one class, {str(values[0])!r}; at least two were expected. Add images of another.")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED:,} more"
