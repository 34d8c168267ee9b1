"""Training images by class."""

from collections.abc import Sequence

import numpy as np

from ..analysis.sampling import EXAMPLES_PER_CLASS, Examples
from ..formatting import count_of
from ..types import Floats
from .canvas import NAME_SPACE, FigureCanvas, in_theme, names_width
from .figure import Illustration
from .mosaic import Mosaic, Pixels, shown_images
from .text import label, quoted
from .theme import MUTED, TEXT_SIZE

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
