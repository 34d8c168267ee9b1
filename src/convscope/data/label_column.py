"""In which column of a table without a header the labels are: the first, as everywhere, or the last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from .reading import MOST_CLASSES
from .table_lines import LARGEST_LEVEL, Layout, Lines

NOTE = "its labels were found in the last column"
LIKE_LEVELS, FEWER = 128, 4
"""A first column with so many different values is one of pixels where the last has a quarter of them."""


@dataclass(frozen=True)
class _Column:
    values: npt.NDArray[np.float64]
    """Different ones; none where a cell is no number."""
    are_classes: bool
    """Whether they run from 0 or 1 to their number, as the classes of nearly all sets do."""


def settle_label_column(path: Path, layout: Layout, lines: Lines) -> tuple[Layout, Lines]:
    """``layout`` and ``lines``, read with the label first, of which the last column is the label where that alone makes sense.

    Raises :class:`DatasetError` where both may be.
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
                f"{str(path)!r} has no header, {len(first.values)} different values in its first column and {len(last.values)} in "
                "its last; one of them with labels was expected, and either may be. Add a header, with the word label over the "
                "labels."
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
