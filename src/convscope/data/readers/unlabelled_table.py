"""Reader for a table of images to classify, such as the ``test.csv`` of a competition: pixels, perhaps a number of each image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

import numpy as np

from ...errors import DatasetError, reason_of
from ...system.memory import check_memory
from ...types import Images, PathLike
from ..dataset import RowNames
from ..images.inputs import printable
from ..read_options import ReadListener
from .csv import SUFFIXES, refuse_bad_lines
from .csv_lines import Layout, column_names, find_layout, read_lines
from .pixel_values import square_side, to_uint8_images

ID_COLUMNS = frozenset({"id", "ids", "imageid", "image_id", "index", "idx", "row", "row_id", "rowid", "unnamed: 0", ""})
ID, ANSWER = "ImageId", "Label"
"""Columns of a submission to Kaggle's digit recognizer."""


@dataclass(frozen=True, eq=False)
class UnlabelledTable:
    """The images of a table, in its order."""

    path: Path
    images: Images
    """(n, h, w, c) uint8."""
    names: RowNames
    id_column: str
    """Its header, or ``ImageId`` for a table without such a column."""
    ids: tuple[str, ...]
    """The cells of that column, or the numbers from 1."""
    ignored: str = ""
    """The column of labels, which is not read."""

    def __len__(self) -> int:
        return len(self.images)


def is_table(source: object) -> TypeGuard[PathLike]:
    """Return whether ``source`` is the path of a table."""
    return isinstance(source, (str, Path)) and Path(source).suffix.lower() in SUFFIXES and Path(source).is_file()


def read_unlabelled_table(path: PathLike, progress: ReadListener | None = None) -> UnlabelledTable:
    """Read a table of pixels. A column of labels is ignored.

    Raises:
        DatasetError: The rows are no square images, or lines are invalid; the message lists them.
    """
    path = Path(path)
    try:
        layout = find_layout(path)
        shape = square_side(layout.pixels)
        if shape is None and (whole := square_side(layout.columns)):
            layout, shape = replace(layout, label_column=None), whole
        if shape is None:
            raise DatasetError(
                f"{str(path)!r} has {layout.columns:,} columns, which are no square image such as 784 (28 × 28), with or without "
                "one more column. Pass images of another shape as files."
            )
        check_memory(path.stat().st_size // 2, repr(str(path)))
        lines = read_lines(path, layout, progress)
    except OSError as error:
        raise DatasetError(f"cannot read {str(path)!r}: {reason_of(error)}. Check its name and permissions.") from error
    refuse_bad_lines(path, lines)
    if not lines.rows:
        raise DatasetError(f"{str(path)!r} holds a header but no images. Add one line per image.")
    images, _ = to_uint8_images([np.stack(lines.rows).reshape(len(lines.rows), *shape)], repr(str(path)))
    title = _extra_column(path, layout)
    has_ids = title is not None and title.strip().lower() in ID_COLUMNS
    return UnlabelledTable(
        path,
        images[0],
        RowNames(f"{printable(path.name)} line", np.array(lines.numbers, np.int64)),
        (title if has_ids and title else ID),
        tuple(lines.labels) if has_ids else tuple(map(str, range(1, len(lines.rows) + 1))),
        "" if title is None or has_ids else title or "the first",
    )


def _extra_column(path: Path, layout: Layout) -> str | None:
    """Return the header of the column that holds no pixels, ``"unnamed"`` without a header, or None if there is no such column."""
    if layout.label_column is None:
        return None
    return column_names(path, layout)[layout.label_column].strip() if layout.header else "unnamed"
