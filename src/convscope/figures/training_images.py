"""Training images: the first one, as an image and as a matrix, and some of each class."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ..analysis.sampling import EXAMPLES_PER_CLASS, Examples
from ..formatting import count_of
from ..types import Floats, Images
from .canvas import NAME_SPACE, FigureCanvas, in_theme, names_width
from .figure import Illustration
from .mosaic import Mosaic, Pixels, is_ink, shown_images, text_on
from .text import label, quoted, size, span
from .theme import FAINT_ON_WHITE, MARGIN, MUTED, RULE, TEXT_SIZE, TINY_SIZE, WIDTH

SIDE, LEFT = 4.4, 0.36


@in_theme
def draw_first_image(first_image: Images, class_name: str) -> Illustration:
    """Draw ``first_image`` (1, h, w, c); ticks count pixels from 0, like the rows and columns of the matrix."""
    height, width = first_image.shape[1:3]
    strength = first_image[0].max(axis=-1)
    title, extent = _title(strength, class_name)
    scale = SIDE / max(height, width)
    canvas = FigureCanvas(title, height * scale + 0.3, width=SIDE + LEFT + 0.5)
    axes = canvas.axes(LEFT, 0, width * scale, height * scale)
    axes.imshow(shown_images(first_image)[0], extent=(-0.5, width - 0.5, height - 0.5, -0.5), aspect="auto")
    axes.spines[:].set(visible=True, color=RULE)
    axes.tick_params(length=2)
    ink = "Black is 255 and white is 0" if is_ink(first_image) else "Each pixel shows its brightness or colour"
    return Illustration(
        "first_image", title, f"{ink}; the ticks count pixels from 0, from the top left corner.",
        f"An image of {size(first_image.shape[1:3])} pixels, labelled {quoted(class_name)}. {extent} "
        f"Its mean value is {first_image.mean():.1f} of 255.",
        canvas.figure,
    )  # fmt: skip


def _title(strength: Images, class_name: str) -> tuple[str, str]:
    """Return the title, and a sentence on where the pixels above zero are; ``strength`` is (h, w)."""
    start = f"The first training image is labelled {quoted(class_name)}"
    if (above := int((strength > 0).sum())) == 0:
        return f"{start} and is empty: all its {strength.size:,} pixels are 0", "No pixel is above 0."
    rows, columns = np.nonzero(strength)
    where = f"in rows {span(rows.tolist())} and columns {span(columns.tolist())}"
    title = f"{start}: {above:,} of its {strength.size:,} pixels are above 0, {where}"
    return title, f"{above:,} pixels are above 0, {where}."


MAX_LINES = 32
"""Rows and columns shown; of a larger image, the middle: smaller numbers would be illegible."""
MATRIX_LEFT, TOP, MAX_CELL = 0.28, 0.2, 0.5


@in_theme
def draw_first_image_matrix(first_image: Images, class_name: str) -> Illustration:
    """Draw the values of ``first_image`` (1, h, w, c), 0 to 255, each in a cell of its grey; of a colour image, the red ones."""
    rows, columns = (_middle(extent) for extent in first_image.shape[1:3])
    numbers = first_image[0, rows, columns, 0]
    tints = shown_images(first_image[:, rows, columns, :1])[0]
    what = _what(first_image, numbers)
    zeros = int((numbers == 0).sum())
    least = int(numbers[numbers > 0].min()) if numbers.any() else 0
    of_image = f"{what} of the first training image, {quoted(class_name)}"
    title = f"{of_image}: {zeros:,} of {numbers.size:,} are 0, the largest is {numbers.max()}"
    side = min(MAX_CELL, (WIDTH - 2 * MARGIN - MATRIX_LEFT) / numbers.shape[1])
    canvas = FigureCanvas(title, TOP + side * numbers.shape[0])
    canvas.image(tints, (MATRIX_LEFT, TOP, side * numbers.shape[1], side * numbers.shape[0]))
    _write_numbers(canvas, numbers, tints, side)
    _write_indices(canvas, rows.start, columns.start, numbers.shape, side)
    return Illustration(
        "first_image_matrix", title,
        "Each cell is one pixel with its value from 0 to 255, in the shade that it has in the image.",
        f"A table of {size(numbers.shape)} pixel values. {zeros:,} of {numbers.size:,} are 0; the others lie between "
        f"{least} and {numbers.max()}, the mean of all is {numbers.mean():.1f}. "
        f"The row with the largest sum is {rows.start + int(numbers.sum(axis=1).argmax())}: "
        f"{' '.join(map(str, numbers[numbers.sum(axis=1).argmax()]))}.",
        canvas.figure,
    )  # fmt: skip


def _middle(extent: int) -> slice:
    start = max(0, (extent - MAX_LINES) // 2)
    return slice(start, start + min(extent, MAX_LINES))


def _what(image: Images, numbers: npt.NDArray[np.uint8]) -> str:
    colour = "red " if image.shape[-1] >= 3 else ""
    if numbers.shape == image.shape[1:3]:
        return f"The {size(numbers.shape)} {colour}numbers"
    return f"The middle {size(numbers.shape)} of the {size(image.shape[1:3])} {colour}numbers"


def _write_numbers(canvas: FigureCanvas, numbers: npt.NDArray[np.uint8], tints: Pixels, side: float) -> None:
    font = min(8.5, side * 72 / 3.1)
    for row, column in np.argwhere(numbers > 0):
        canvas.cell(MATRIX_LEFT + (column + 0.5) * side, TOP + (row + 0.5) * side, str(numbers[row, column]), fontsize=font,
                    color=text_on(tints[row, column]), ha="center")  # fmt: skip
    zeros = np.argwhere(numbers == 0)
    if len(zeros):
        tint = tints[tuple(zeros[0])]
        _mark_zeros(canvas, zeros, side, (font, FAINT_ON_WHITE if tint.min() == 255 else text_on(tint)))


def _mark_zeros(canvas: FigureCanvas, indices: npt.NDArray[np.int64], side: float, look: tuple[float, str]) -> None:
    """Draw a 0 at each of ``indices`` (n, 2), row and column."""
    # One marker used n times: most cells are 0, and as text they took a sixth of the time of all figures.
    font, colour = look
    outline = TextPath((0, 0), "0", size=font, prop=FontProperties(family="DejaVu Sans"))
    vertices = outline.vertices - (outline.vertices.min(axis=0) + outline.vertices.max(axis=0)) / 2
    zero = Path(vertices, outline.codes)
    lefts, tops = MATRIX_LEFT + (indices[:, 1] + 0.5) * side, TOP + (indices[:, 0] + 0.5) * side
    diameter = 2 * float(abs(vertices).max())
    canvas.shared_axes.plot(lefts, tops, linestyle="none", marker=zero, markersize=diameter, color=colour, markeredgewidth=0,
                            gid="zeros")  # fmt: skip


def _write_indices(canvas: FigureCanvas, first_row: int, first_column: int, shape: tuple[int, ...], side: float) -> None:
    for row in range(shape[0]):
        canvas.cell(MATRIX_LEFT - 0.06, TOP + (row + 0.5) * side, str(first_row + row), fontsize=TINY_SIZE, color=MUTED,
                    ha="right")  # fmt: skip
    for column in range(shape[1]):
        canvas.text(MATRIX_LEFT + (column + 0.5) * side, TOP - 0.06, str(first_column + column), fontsize=TINY_SIZE,
                    color=MUTED, ha="center")  # fmt: skip


HEAD, RIGHT, MEAN_WIDTH = 0.24, 7.6, 0.66


@in_theme
def draw_samples(examples: Examples, class_names: Sequence[str], num_train: int) -> Illustration:
    """Draw a row of training images per class, with their mean value; ``num_train`` is the size of the training set."""
    labels = examples.sample_labels
    classes = [int(each) for each in np.unique(labels)]
    means = np.array([examples.samples[labels == each].mean() for each in classes])
    shown = len(examples.samples)
    title = f"{shown:,} of {num_train:,} training images; {_finding(means, [class_names[each] for each in classes])}"
    mosaic = Mosaic(_tiles(examples, classes))
    left = names_width(label(class_names[each], 14) for each in classes)
    tile = (RIGHT - MEAN_WIDTH - left) / EXAMPLES_PER_CLASS
    step = tile * examples.samples.shape[1] / examples.samples.shape[2]
    canvas = FigureCanvas(title, HEAD + mosaic.rows * step)
    canvas.image(mosaic.pixels, (left, HEAD, mosaic.columns * tile, mosaic.rows * step))
    canvas.note(RIGHT, 0.12, "mean", ha="right")
    for row, (each, mean) in enumerate(zip(classes, means, strict=True)):
        middle = HEAD + mosaic.centre(row) * step
        canvas.cell(left - NAME_SPACE, middle, label(class_names[each], 14), fontsize=TEXT_SIZE, ha="right")
        canvas.cell(RIGHT, middle, f"{mean:.1f}", fontsize=TEXT_SIZE, color=MUTED, ha="right")
    omitted = len(class_names) - len(classes)
    rest = f"; {count_of(omitted, 'class', 'classes')} of {len(class_names)} not shown" if omitted else ""
    return Illustration(
        "samples", title,
        f"A row per class with its first training images, at most {EXAMPLES_PER_CLASS}{rest}; "
        "their mean value (0 to 255) is on the right.",
        "Mean values of the images shown, by class: "
        + ", ".join(f"{quoted(class_names[each])} {mean:.1f}" for each, mean in zip(classes, means, strict=True)) + ".",
        canvas.figure,
    )  # fmt: skip


def _tiles(examples: Examples, classes: Sequence[int]) -> Pixels:
    """Return (classes, PER_CLASS, h, w, 4); a class with fewer images leaves the rest of its row empty."""
    shown = shown_images(examples.samples)
    tiles = np.zeros((len(classes), EXAMPLES_PER_CLASS, *shown.shape[1:]), np.uint8)
    for row, each in enumerate(classes):
        of_class = shown[examples.sample_labels == each][:EXAMPLES_PER_CLASS]
        tiles[row, : len(of_class)] = of_class
    return tiles


def _finding(means: Floats, names: Sequence[str]) -> str:
    most, least = int(means.argmax()), int(means.argmin())
    return (f"of these, {quoted(names[most])} has the highest mean value ({means[most]:.0f} of 255) and "
            f"{quoted(names[least])} the lowest ({means[least]:.0f})")  # fmt: skip
