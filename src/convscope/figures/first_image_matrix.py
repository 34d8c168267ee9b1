"""The first training image as a matrix of numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ..types import Images
from .canvas import Sheet, in_theme
from .illustration import Illustration
from .mosaic import Pixels, pictures
from .scale import text_on
from .theme import FAINT_ON_WHITE, MARGIN, MUTED, TINY_SIZE, WIDTH
from .wording import quoted, size

MOST_LINES = 32
"""Rows and columns shown; of a larger image, the middle: smaller numbers would be illegible."""
LEFT, TOP, LARGEST_CELL = 0.28, 0.2, 0.5
CHANNELS = ("red", "green", "blue")


@in_theme
def draw_first_image_matrix(first_image: Images, class_name: str) -> Illustration:
    """Draw the values of ``first_image`` (1, h, w, c), 0 to 255, each in a cell of its grey; of a colour image, the red ones."""
    rows, columns = (_middle(extent) for extent in first_image.shape[1:3])
    numbers = first_image[0, rows, columns, 0]
    tints = pictures(first_image[:, rows, columns, :1])[0]
    what = _what(first_image, numbers)
    zeros = int((numbers == 0).sum())
    of_image = f"{what} of the first training image, {quoted(class_name)}"
    title = f"{of_image}: {zeros:,} of {numbers.size:,} are 0, the largest is {numbers.max()}"
    side = min(LARGEST_CELL, (WIDTH - 2 * MARGIN - LEFT) / numbers.shape[1])
    sheet = Sheet(title, TOP + side * numbers.shape[0])
    sheet.picture(tints, (LEFT, TOP, side * numbers.shape[1], side * numbers.shape[0]))
    _write_numbers(sheet, numbers, tints, side)
    _write_indices(sheet, rows.start, columns.start, numbers, side)
    return Illustration(
        "first_image_matrix", title,
        "Each cell is one pixel with its value from 0 to 255, in the shade that it has in the image.",
        f"A table of {size(numbers.shape)} pixel values. {zeros:,} of {numbers.size:,} are 0; the others lie between "
        f"{_least_above_zero(numbers)} and {numbers.max()}, the mean of all is {numbers.mean():.1f}. "
        f"The row with the largest sum is {rows.start + int(numbers.sum(axis=1).argmax())}: "
        f"{' '.join(map(str, numbers[numbers.sum(axis=1).argmax()]))}.",
        sheet.figure,
    )  # fmt: skip


def _middle(extent: int) -> slice:
    start = max(0, (extent - MOST_LINES) // 2)
    return slice(start, start + min(extent, MOST_LINES))


def _what(image: Images, numbers: npt.NDArray[np.uint8]) -> str:
    colour = f"{CHANNELS[0]} " if image.shape[-1] >= 3 else ""
    if numbers.shape == image.shape[1:3]:
        return f"The {size(numbers.shape)} {colour}numbers"
    return f"The middle {size(numbers.shape)} of the {size(image.shape[1:3])} {colour}numbers"


def _write_numbers(sheet: Sheet, numbers: npt.NDArray[np.uint8], tints: Pixels, side: float) -> None:
    font = min(8.5, side * 72 / 3.1)
    for row, column in np.argwhere(numbers > 0):
        sheet.text(LEFT + (column + 0.5) * side, TOP + (row + 0.5) * side, str(numbers[row, column]), fontsize=font,
                   color=text_on(tints[row, column]), ha="center", va="center_baseline")  # fmt: skip
    zeros = np.argwhere(numbers == 0)
    if len(zeros):
        tint = tints[tuple(zeros[0])]
        _mark_zeros(sheet, zeros, side, (font, FAINT_ON_WHITE if tint.min() == 255 else text_on(tint)))


def _mark_zeros(sheet: Sheet, places: npt.NDArray[np.int64], side: float, look: tuple[float, str]) -> None:
    """Draw a 0 at each of ``places`` (n, 2), row and column."""
    # One marker used n times: most cells are 0, and as text they took a sixth of the time of all figures.
    font, colour = look
    outline = TextPath((0, 0), "0", size=font, prop=FontProperties(family="DejaVu Sans"))
    vertices = outline.vertices - (outline.vertices.min(axis=0) + outline.vertices.max(axis=0)) / 2
    zero = Path(vertices, outline.codes)
    sheet.paper.plot(LEFT + (places[:, 1] + 0.5) * side, TOP + (places[:, 0] + 0.5) * side, linestyle="none", marker=zero,
                     markersize=2 * float(abs(vertices).max()), color=colour, markeredgewidth=0, gid="zeros")  # fmt: skip


def _write_indices(sheet: Sheet, first_row: int, first_column: int, numbers: npt.NDArray[np.uint8], side: float) -> None:
    """Write row and column indices, from 0."""
    for row in range(numbers.shape[0]):
        sheet.text(LEFT - 0.06, TOP + (row + 0.5) * side, str(first_row + row), fontsize=TINY_SIZE, color=MUTED,
                   ha="right", va="center_baseline")  # fmt: skip
    for column in range(numbers.shape[1]):
        sheet.text(LEFT + (column + 0.5) * side, TOP - 0.06, str(first_column + column), fontsize=TINY_SIZE, color=MUTED,
                   ha="center")  # fmt: skip


def _least_above_zero(numbers: npt.NDArray[np.uint8]) -> int:
    return int(numbers[numbers > 0].min()) if numbers.any() else 0
