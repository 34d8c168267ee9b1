"""The label column of a text table, among the columns that hold no pixels."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ...formatting import join_words
from ..read_options import MAX_CLASSES
from .assemble import MANY_IMAGES
from .csv_layout import ID_COLUMNS, LABEL_COLUMNS, Layout
from .csv_lines import MAX_LEVEL, Lines
from .split_names import find_splits

LAST_NOTE = "took the last column as labels"
LIKE_LEVELS, FEWER = 128, 4
"""A first column is ambiguous with this many different values, and this many times those of the last."""
MAX_SPLITS = 8


@dataclass(frozen=True)
class LabelColumn:
    """The labels of a table, and what was done with its other columns."""

    texts: list[str] | None
    """A cell per line; None if there are no labels."""
    reason: str
    """Why there are none."""
    notes: tuple[str, ...] = ()
    from_pixels: bool = False
    """Whether they are in the last column, which looked like a pixel."""
    splits: list[str] | None = None
    """The split of each line, if a column names it, as FER2013's ``Usage`` does."""
    split_column: str = ""


def find_labels(path: Path, layout: Layout, lines: Lines, train: LabelColumn | None = None) -> tuple[LabelColumn, Lines]:
    """Find the labels; without a header they may be in the last column, which then is moved out of the pixels.

    For a test table, ``train`` are the labels of the training table: a column of other values, all different, holds ids.
    DatasetError if several columns may hold the labels.
    """
    if not layout.extras:
        return LabelColumn(None, "all columns are pixels"), lines
    known = None if train is None else frozenset(train.texts or ())
    titles = [layout.title(column) for column in layout.extras]
    others: dict[int, str] = {}
    """What the columns hold that cannot be the labels, by place."""
    splits, split_column = None, ""
    for place, title in enumerate(titles):
        cells = lines.column(place)
        if not any(cells):
            others[place] = "is empty"
        # If the training table has its labels among the pixels, this column is one of pixels.
        elif not (train and train.from_pixels) and _holds_ids(title, cells, known, alone=len(titles) == 1):
            others[place] = f"numbers or names the images ({len(set(cells)):,} different values)"
        elif (title or "").lower() not in LABEL_COLUMNS and (named := _splits_of(cells)):
            others[place], splits, split_column = "names splits", named, layout.describe(layout.extras[place])
    left = [place for place in range(len(titles)) if place not in others]
    usual = [place for place in left if (titles[place] or "").lower() in LABEL_COLUMNS]
    names = [layout.describe(column) for column in layout.extras]
    if not left:
        return LabelColumn(None, " and ".join(f"{names[place]} {what}" for place, what in others.items())), lines
    if len(usual or left) > 1:
        either = join_words([names[place] for place in usual or left], "or")
        raise DatasetError(
            f"either {either} of {str(path)!r} may hold the labels. Name the right one label in a header, or remove the others."
        )
    chosen = (usual or left)[0]
    notes = [
        f"ignored {names[place]} of {path.name}, which {others.get(place, 'holds neither labels nor pixels')}"
        for place in range(len(titles))
        if place != chosen and names[place] != split_column
    ]
    texts, is_last = lines.column(chosen), titles[chosen] is None and chosen >= layout.leading
    from_pixels = titles[chosen] is None and not layout.trailing
    from_pixels = from_pixels and (train.from_pixels if train else _is_last(path, texts, lines))
    if from_pixels:
        texts, lines = _take_last(texts, lines)
    return LabelColumn(
        texts, "", (*notes, *[LAST_NOTE] * (is_last or from_pixels)), from_pixels, splits, split_column
    ), lines


def _splits_of(cells: list[str]) -> list[str] | None:
    """Return the splits that the cells of a column name, or None if they name none or only one."""
    values = set(cells)
    if not 2 <= len(values) <= MAX_SPLITS:
        return None
    found = find_splits(values, values)
    several = "train" in found.values() and len(set(found.values())) > 1
    return [found[cell] for cell in cells] if several and set(found) == values else None


def _holds_ids(title: str | None, cells: list[str], known: frozenset[str] | None, *, alone: bool) -> bool:
    different = len(set(cells))
    if title is not None and title.lower() in LABEL_COLUMNS | ID_COLUMNS:
        return title.lower() in ID_COLUMNS and 2 * different > len(cells)
    if different < len(cells):
        return False
    if known is not None:
        return not known.issuperset(cells)
    counted = [list(map(str, range(first, first + len(cells)))) for first in (0, 1)]
    return len(cells) >= MANY_IMAGES or (cells in counted and not alone and len(cells) > 1)


@dataclass(frozen=True)
class _Values:
    sorted: npt.NDArray[np.float64]
    """Different values; empty if a cell is not a number."""
    are_classes: bool
    """Whether the values count up from 0 or 1, as class numbers do in nearly all datasets."""


def _is_last(path: Path, texts: list[str], lines: Lines) -> bool:
    """Return whether only the last column of the pixels can hold the labels; a DatasetError if either can."""
    first, last = _values(texts), _values([float(row[-1]) for row in lines.rows])
    if not (first.sorted.size and first.sorted[0] >= 0 and first.sorted[-1] <= MAX_LEVEL):
        return False
    if first.are_classes:
        if last.are_classes and len(first.sorted) >= max(LIKE_LEVELS, FEWER * len(last.sorted)):
            raise DatasetError(
                f"either the first column of {str(path)!r} ({len(first.sorted)} different values) or its last "
                f"({len(last.sorted)}) may hold the labels. Add a header with the name label over the labels."
            )
        return False
    return last.are_classes or (len(first.sorted) == 1 and 2 <= len(last.sorted) <= len(lines.rows) // 2)


def _values(cells: list[str] | list[float]) -> _Values:
    try:
        values = np.unique(np.array([float(cell) for cell in cells]))
    except ValueError:
        return _Values(np.empty(0), are_classes=True)  # names
    count = len(values)
    runs = any(np.array_equal(values, np.arange(start, start + count)) for start in (0, 1))
    return _Values(values, runs and 2 <= count <= min(MAX_CLASSES, len(cells) // 2))


def _take_last(texts: list[str], lines: Lines) -> tuple[list[str], Lines]:
    rows = [
        np.concatenate([np.array([float(text)]).astype(row.dtype), row[:-1]])
        for text, row in zip(texts, lines.rows, strict=True)
    ]
    return [f"{row[-1]:g}" for row in lines.rows], replace(lines, rows=rows)
