"""Reader for text tables with one line per image: its label and its pixels.

Images are square, grey or RGB; the three channels of an RGB pixel are adjacent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError, reason_of
from ...formatting import count_of
from ...system.memory import check_memory
from ..dataset import Dataset, RowNames
from ..images.inputs import printable
from ..read_options import MAX_CLASSES, ReadListener, ReadOptions, find_class_names
from .assemble import DatasetSource, RawSplit, assemble_dataset
from .csv_lines import MAX_LEVEL, Layout, Lines, find_layout, read_lines
from .labels import ClassNames
from .pixel_values import square_side

NOTE = "took the last column as labels"
LIKE_LEVELS, FEWER = 128, 4
"""A first column is ambiguous with this many different values, and this many times those of the last."""


@dataclass(frozen=True)
class _Column:
    values: npt.NDArray[np.float64]
    """Sorted different values; empty if a cell is not a number."""
    are_classes: bool
    """Whether the values count up from 0 or 1, as class numbers do in nearly all datasets."""


def detect_label_column(path: Path, layout: Layout, lines: Lines) -> tuple[Layout, Lines]:
    """Move the label from the first to the last column if only that makes sense.

    Raises:
        DatasetError: Either column may hold the labels.
    """
    if layout.header or layout.label_column != 0 or not lines.rows or lines.num_bad:
        return layout, lines
    first = _column(lines.labels)
    last = _column([float(row[-1]) for row in lines.rows])
    if not (first.values.size and first.values[0] >= 0 and first.values[-1] <= MAX_LEVEL):
        return layout, lines
    if first.are_classes:
        if last.are_classes and len(first.values) >= max(LIKE_LEVELS, FEWER * len(last.values)):
            raise DatasetError(
                f"either the first column of {str(path)!r} ({len(first.values)} different values) or its last "
                f"({len(last.values)}) may hold the labels. Add a header with the name label over the labels."
            )
        return layout, lines
    alone = len(first.values) == 1 and 2 <= len(last.values) <= len(lines.rows) // 2
    return _label_last(layout, lines) if last.are_classes or alone else (layout, lines)


def _column(cells: list[str] | list[float]) -> _Column:
    try:
        values = np.unique(np.array([float(cell) for cell in cells]))
    except ValueError:
        return _Column(np.empty(0), are_classes=True)  # names
    count = len(values)
    runs = any(np.array_equal(values, np.arange(start, start + count)) for start in (0, 1))
    return _Column(values, runs and 2 <= count <= min(MAX_CLASSES, len(cells) // 2))


def _label_last(layout: Layout, lines: Lines) -> tuple[Layout, Lines]:
    labels = [f"{row[-1]:g}" for row in lines.rows]
    rows = [
        np.concatenate([np.array([float(label)]).astype(row.dtype), row[:-1]])
        for label, row in zip(lines.labels, lines.rows, strict=True)
    ]
    return replace(layout, label_column=layout.columns - 1), replace(lines, labels=labels, rows=rows)


SUFFIXES = frozenset({".csv", ".tsv"})


def find_tables(folder: Path, *, all_as_test: bool = False) -> dict[str, Path]:
    """Return the tables in ``folder`` whose names end in ``train`` or ``test``, by split.

    The result is empty without a training table, unless ``all_as_test``; two tables for the same split are a DatasetError.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        split = next((split for split in ("train", "test") if path.stem.lower().endswith(split)), None)
        if split and path.suffix.lower() in SUFFIXES and path.is_file():
            if split in found:
                raise DatasetError(
                    f"{str(folder)!r} holds two {split} tables, {found[split].name} and {path.name}. Pass one of them, or remove "
                    "the other."
                )
            found[split] = path
    return found if "train" in found or all_as_test else {}


def read_table(path: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read one table and hold out a test split; a DatasetError lists all invalid lines."""
    part, layout = _read(path, progress)
    return assemble_dataset(_origin(path, path.parent, path.name, layout), part, None, options)


def read_tables(folder: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read ``train.csv`` and ``test.csv``; a DatasetError lists all invalid lines.

    A test table without labels, as on Kaggle, is ignored.
    """
    tables = find_tables(folder, all_as_test=options.all_as_test)
    train, layout = _read(tables.get("train") or tables["test"], progress)
    origin = _origin(folder, folder, " and ".join(path.name for path in tables.values()), layout)
    if len(tables) == 1:
        return assemble_dataset(origin, train, None, options)
    other = find_layout(tables["test"])
    if other.columns == layout.columns - 1 and other.header == layout.header:
        other = replace(other, label_column=None)
    if other.label_column is None:
        note = f"ignored {tables['test'].name}, which has no labels"
        return assemble_dataset(replace(origin, notes=(*origin.notes, note)), train, None, options)
    return assemble_dataset(origin, train, _read(tables["test"], progress, like=layout)[0], options)


def _read(path: Path, progress: ReadListener | None, like: Layout | None = None) -> tuple[RawSplit, Layout]:
    try:
        layout = find_layout(path)
        if like is not None and not layout.header and layout.columns == like.columns:
            layout = replace(layout, label_column=like.label_column)
        shape = _image_shape(path, layout, like)
        check_memory(path.stat().st_size // 2, repr(str(path)))  # a pixel takes one byte, its text two or more
        lines = read_lines(path, layout, progress)
    except OSError as error:
        raise DatasetError(f"cannot read {str(path)!r}: {reason_of(error)}. Check its name and permissions.") from error
    refuse_bad_lines(path, lines)
    if not lines.rows:
        raise DatasetError(f"{str(path)!r} holds a header but no images. Add one line per image.")
    if like is None:
        layout, lines = detect_label_column(path, layout, lines)
    images = np.stack(lines.rows).reshape(len(lines.rows), *shape)
    names = RowNames(f"{printable(path.name)} line", np.array(lines.numbers, np.int64))
    return RawSplit(images, _labels(lines.labels), names), layout


def _image_shape(path: Path, layout: Layout, like: Layout | None) -> tuple[int, int, int]:
    if layout.label_column is None:
        raise DatasetError(f"{str(path)!r} has no labels: its header names pixels only. Add a first column named label.")
    if like is not None and layout.pixels != like.pixels:
        raise DatasetError(
            f"{str(path)!r} has {layout.pixels:,} pixels per line, the training table {like.pixels:,}. Use images of one size."
        )
    shape = square_side(layout.pixels)
    if shape is None:
        raise DatasetError(
            f"{str(path)!r} has {layout.columns:,} columns: a label and {layout.pixels:,} pixels, which are no square image such "
            "as 784 (28 × 28) or 3,072 (32 × 32 × 3). Save images of other shapes as .npz."
        )
    return shape


def refuse_bad_lines(path: Path, lines: Lines) -> None:
    """Raise a DatasetError that lists the invalid lines, if there are any."""
    if not lines.num_bad:
        return
    more = lines.num_bad - len(lines.bad)
    rest = f"\n  and {more:,} more" if more else ""
    raise DatasetError(
        f"{str(path)!r} has {count_of(lines.num_bad, 'invalid line')}: each needs a label and the same number of values from 0 "
        "to 255. Correct or remove:\n" + "\n".join(lines.bad) + rest
    )


def _labels(texts: list[str]) -> npt.NDArray[Any]:
    """Return labels as int64 if all are whole numbers, else as texts."""
    try:
        numbers = np.array([float(text) for text in texts])
        if (np.abs(numbers) < 2**53).all() and (numbers == np.floor(numbers)).all():
            return numbers.astype(np.int64)
    except ValueError:
        pass
    return np.array(texts)


def _origin(source: Path, folder: Path, files: str, layout: Layout) -> DatasetSource:
    # A classes.txt next to a single table may belong to another dataset.
    names: ClassNames = find_class_names(folder) if source == folder else None
    are_last = not layout.header and layout.label_column != 0
    return DatasetSource(str(source), f"Table of pixels, {files}", class_names=names, notes=(NOTE,) if are_last else ())
