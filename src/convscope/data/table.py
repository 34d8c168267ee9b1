"""Reader for text tables with one line per image: its label and its pixels.

Images are square, grey or RGB; the three channels of an RGB pixel are adjacent.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError, reason_of
from ..formatting import count_of
from .composing import Origin, Part, compose
from .dataset import Dataset
from .label_column import NOTE as LAST
from .label_column import settle_label_column
from .labels import ClassNames
from .levels import square_side
from .memory import check_memory
from .reading import ReadListener, ReadOptions, read_class_names
from .table_lines import Layout, Lines, find_layout, read_lines

CLASSES = "classes.txt"
SUFFIXES = frozenset({".csv", ".tsv"})


def find_tables(folder: Path) -> dict[str, Path]:
    """Return the tables in ``folder`` whose names end in ``train`` or ``test``.

    The result is empty without a training table.

    Raises:
        DatasetError: Two tables are for the same split.
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
    return found if "train" in found else {}


def read_table(path: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read the dataset in one table and hold out a test split.

    Raises:
        DatasetError: Lines are invalid (the message lists them all), or the file cannot be read.
    """
    part, layout = _read(path, progress)
    return compose(_origin(path, path.parent, path.name, layout), part, None, options)


def read_tables(folder: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read the dataset in ``train.csv`` and ``test.csv``.

    A test table without labels, as on Kaggle, is ignored.

    Raises:
        DatasetError: Lines are invalid (the message lists them all), or a file cannot be read.
    """
    tables = find_tables(folder)
    train, layout = _read(tables["train"], progress)
    origin = _origin(folder, folder, " and ".join(path.name for path in tables.values()), layout)
    if "test" not in tables:
        return compose(origin, train, None, options)
    other = find_layout(tables["test"])
    if other.columns == layout.columns - 1 and other.header == layout.header:
        other = replace(other, label_column=None)
    if other.label_column is None:
        note = f"ignored {tables['test'].name}, which has no labels"
        return compose(replace(origin, notes=(*origin.notes, note)), train, None, options)
    return compose(origin, train, _read(tables["test"], progress, like=layout)[0], options)


def _read(path: Path, progress: ReadListener | None, like: Layout | None = None) -> tuple[Part, Layout]:
    try:
        layout = find_layout(path)
        if like is not None and not layout.header and layout.columns == like.columns:
            layout = replace(layout, label_column=like.label_column)
        shape = _image_shape(path, layout, like)
        check_memory(path.stat().st_size // 2, repr(str(path)))  # a pixel takes one byte, its text two or more
        lines = read_lines(path, layout, progress)
    except OSError as error:
        raise DatasetError(f"cannot read {str(path)!r}: {reason_of(error)}. Check its name and permissions.") from error
    _refuse_bad(path, lines)
    if not lines.rows:
        raise DatasetError(f"{str(path)!r} holds a header but no images. Add one line per image.")
    if like is None:
        layout, lines = settle_label_column(path, layout, lines)
    images = np.stack(lines.rows).reshape(len(lines.rows), *shape)
    return Part(images, _labels(lines.labels)), layout


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


def _refuse_bad(path: Path, lines: Lines) -> None:
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


def _origin(source: Path, folder: Path, files: str, layout: Layout) -> Origin:
    # A classes.txt next to a single table may belong to another dataset.
    names: ClassNames = read_class_names(folder / CLASSES) if source == folder and (folder / CLASSES).is_file() else None
    are_last = not layout.header and layout.label_column != 0
    return Origin(str(source), f"Table of pixels, {files}", class_names=names, notes=(LAST,) if are_last else ())
