"""Reader for a table of images to classify, such as the ``test.csv`` of a competition: pixels, perhaps a number of each image.

The images may also be an array of an ``.npz`` file.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from ...formatting import printable
from ...types import Images, PathLike
from ..dataset import RowNames
from ..orientation import EMNIST, find_orientation, transpose
from ..read_options import PixelForm, ReadListener, checked_pixel_range
from .assemble import rows_of
from .csv import SUFFIXES, read_pixel_lines, sorting_notes
from .csv_layout import ID_COLUMNS, looks_like_table
from .npz import read_images
from .pixel_values import images_of_rows, to_uint8_images

TEXT_SUFFIXES = frozenset({".txt", ".dat", ".data"})
NPZ = ".npz"
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
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)


def is_table(source: object) -> TypeGuard[PathLike]:
    """Return whether ``source`` is the path of a table, or of arrays."""
    if not isinstance(source, (str, Path)) or not os.path.isfile(source):
        return False
    suffix = Path(source).suffix.lower()
    return suffix in {*SUFFIXES, NPZ} or (suffix in TEXT_SUFFIXES and looks_like_table(Path(source)))


def read_unlabelled_table(
    path: PathLike,
    progress: ReadListener | None = None,
    trained_on: PixelForm | None = None,
    pixel_range: tuple[float, float] | None = None,
) -> UnlabelledTable:
    """Read a table of pixels as the data that a network was ``trained_on``. A column of labels is ignored.

    ``pixel_range`` is black and white, if they are others. A DatasetError lists invalid lines, or says why there are no images.
    """
    path = Path(path)
    if path.suffix.lower() == NPZ:
        key, array = read_images(path)
        images = _as_trained(path, array, trained_on, pixel_range)
        return UnlabelledTable(path, images, rows_of(key, images), ID, tuple(map(str, range(1, len(images) + 1))))
    layout, lines, shape = read_pixel_lines(path, progress, labelled=False)
    rows, _ = images_of_rows(np.stack(lines.rows), shape)
    titles = [layout.title(column) for column in layout.extras]
    ids = next((place for place, title in enumerate(titles) if title is not None and title.lower() in ID_COLUMNS), None)
    ignored = [title or "unnamed" for place, title in enumerate(titles) if place != ids]
    return UnlabelledTable(
        path,
        _as_trained(path, rows, trained_on, pixel_range),
        RowNames(f"{printable(path.name)} line", np.array(lines.numbers, np.int64)),
        ID if ids is None else titles[ids] or ID,
        tuple(map(str, range(1, len(lines.rows) + 1))) if ids is None else tuple(lines.column(ids)),
        ", ".join(ignored),
        sorting_notes(path, layout),
    )


def _as_trained(
    path: Path, rows: npt.NDArray[Any], trained_on: PixelForm | None, asked: tuple[float, float] | None
) -> Images:
    asked = None if asked is None else checked_pixel_range(asked)
    (images,), _, _ = to_uint8_images([rows], repr(str(path)), asked, trained_on.range if trained_on else None)
    on_side = EMNIST in path.name.lower() or (trained_on is not None and trained_on.transposed)
    return transpose(images) if on_side and find_orientation(images) != "upright" else images
