"""Detection of the label column, first or last, in a table without a header."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from .reading import MOST_CLASSES
from .table_lines import LARGEST_LEVEL, Layout, Lines

NOTE = "took the last column as labels"
LIKE_LEVELS, FEWER = 128, 4
"""A first column is ambiguous with this many different values, and this many times those of the last."""


@dataclass(frozen=True)
class _Column:
    values: npt.NDArray[np.float64]
    """Sorted different values; empty if a cell is not a number."""
    are_classes: bool
    """Whether the values count up from 0 or 1, as class numbers do in nearly all datasets."""


def settle_label_column(path: Path, layout: Layout, lines: Lines) -> tuple[Layout, Lines]:
    """Move the label to the last column if only that makes sense.

    Args:
        path: The table, for the error message.
        layout: The layout with the label in the first column.
        lines: The lines as read with that layout.

    Returns:
        The layout and lines, changed or not.

    Raises:
        DatasetError: Either column may hold the labels.
    """
    if layout.header or layout.label_column != 0 or not lines.rows or lines.num_bad:
        return layout, lines
    first = _column(lines.labels)
    last = _column([float(row[-1]) for row in lines.rows])
    if not (first.values.size and first.values[0] >= 0 and first.values[-1] <= LARGEST_LEVEL):
        return layout, lines
    if first.are_classes:
        if last.are_classes and len(first.values) >= max(LIKE_LEVELS, FEWER * len(last.values)):
            raise DatasetError(
                f"either the first column of {str(path)!r} ({len(first.values)} different values) or its last "
                f"({len(last.values)}) may hold the labels. Add a header with the name label over the labels."
            )
        return layout, lines
    alone = len(first.values) == 1 and 2 <= len(last.values) <= len(lines.rows) // 2
    return _moved(layout, lines) if last.are_classes or alone else (layout, lines)


def _column(cells: list[str] | list[float]) -> _Column:
    try:
        values = np.unique(np.array([float(cell) for cell in cells]))
    except ValueError:
        return _Column(np.empty(0), are_classes=True)  # names
    count = len(values)
    runs = any(np.array_equal(values, np.arange(start, start + count)) for start in (0, 1))
    return _Column(values, runs and 2 <= count <= min(MOST_CLASSES, len(cells) // 2))


def _moved(layout: Layout, lines: Lines) -> tuple[Layout, Lines]:
    labels = [f"{row[-1]:g}" for row in lines.rows]
    rows = [
        np.concatenate([np.array([float(label)]).astype(row.dtype), row[:-1]])
        for label, row in zip(lines.labels, lines.rows, strict=True)
    ]
    return replace(layout, label_column=layout.columns - 1), replace(lines, labels=labels, rows=rows)
