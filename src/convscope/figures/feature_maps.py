"""The feature maps of a layer, for one image and for one image per class."""

from collections.abc import Sequence

import numpy as np

from ..analysis.activations import FeatureMaps
from ..formatting import count_of, join_words
from ..types import Images
from .canvas import FigureCanvas, in_theme, names_width
from .color_scale import SCALE_HEIGHT, draw_scale
from .figure import Illustration
from .kernels import every
from .mosaic import Mosaic, coloured, in_rows, shown_images
from .text import file_stem, label, number, quoted, size
from .theme import MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE, TINY_SIZE

INPUT, LEFT, RIGHT, CAPTION = 1.3, 1.6, 7.6, 0.17


@in_theme
def draw_feature_maps(maps: FeatureMaps, image: Images, class_name: str) -> Illustration:
    """Draw every channel of a layer for the first test image (1, h, w, c) of ``class_name``."""
    values = maps.values[0].transpose(2, 0, 1)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    columns = 8 if maps.num_channels <= 40 else 16 if maps.num_channels <= 160 else 32
    mosaic = in_rows(coloured(values, SEQUENTIAL, low, high), columns)
    pitch = (RIGHT - LEFT) / columns
    step = pitch * values.shape[1] / values.shape[2] + (CAPTION if columns < 32 else 0)
    title = _title(maps, class_name)
    body = max(mosaic.rows * step, INPUT * image.shape[1] / image.shape[2] + 0.4)
    canvas = FigureCanvas(title, body + 0.1 + SCALE_HEIGHT)
    _draw_input(canvas, image, class_name)
    canvas.image_rows(mosaic, (LEFT, CAPTION, columns * pitch, pitch * values.shape[1] / values.shape[2]), step)
    for channel in range(maps.num_channels if columns < 32 else 0):
        row, column = divmod(channel, columns)
        canvas.text(LEFT + column * pitch, row * step + CAPTION - 0.04, str(channel), fontsize=TINY_SIZE, color=MUTED)
    draw_scale(canvas, (LEFT, body + 0.1), SEQUENTIAL, (low, high), _scale_caption(maps))
    return Illustration(
        f"feature_maps_{file_stem(maps.layer_name)}", title,
        "The input is on the left; each small image is the output of one channel, below its number: brighter is a larger "
        "activation.",
        f"Maps of {size(values.shape[1:])}. Largest activation by channel: "
        + ", ".join(f"{channel}: {number(largest)}" for channel, largest in enumerate(values.max(axis=(1, 2)))) + ".",
        canvas.figure,
    )  # fmt: skip


def _scale_caption(maps: FeatureMaps) -> str:
    return f"activation; one scale for all maps of {label(maps.layer_name, 24)}"


def _draw_input(canvas: FigureCanvas, image: Images, class_name: str) -> None:
    height = INPUT * image.shape[1] / image.shape[2]
    canvas.image(shown_images(image)[0], (0, CAPTION, INPUT, height))
    canvas.note(0, CAPTION + height + 0.06, "test image 0", va="top")
    canvas.text(0, CAPTION + height + 0.2, label(class_name, 18), fontsize=TEXT_SIZE, va="top")


def _title(maps: FeatureMaps, class_name: str) -> str:
    largest = maps.values[0].max(axis=(0, 1))
    strongest = int(largest.argmax())
    silent = [str(channel) for channel in np.flatnonzero(largest <= 0)]
    start = f"{label(maps.layer_name, 30)} for test image 0, {quoted(class_name)}: channel {strongest} has the largest activation"
    if not silent:
        rest = f"all {maps.num_channels} channels are active"
    elif len(silent) <= 4:
        rest = f"{'channel' if len(silent) == 1 else 'channels'} {join_words(silent)} of {maps.num_channels} " + (
            "is inactive" if len(silent) == 1 else "are inactive")  # fmt: skip
    else:
        rest = f"{count_of(len(silent), 'channel')} of {maps.num_channels} are inactive"
    return f"{start} ({number(largest[strongest])}); {rest}"


CLASS_INPUT, BETWEEN, CLASS_RIGHT, HEAD = 0.44, 0.14, 7.6, 0.36
MAX_ROW, MIN_ROW = 0.5, 0.16


@in_theme
def draw_feature_maps_per_class(maps: FeatureMaps, images: Images, class_names: Sequence[str]) -> Illustration:
    """Draw every channel of a layer for one image (n, h, w, c) per class."""
    values = maps.values.transpose(0, 3, 1, 2)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    mosaic = Mosaic(coloured(values, SEQUENTIAL, low, high))
    left = names_width((label(name, 12) for name in class_names), SMALL_SIZE) + CLASS_INPUT + BETWEEN
    pitch = min((CLASS_RIGHT - left) / maps.num_channels, MAX_ROW)
    step = max(pitch * values.shape[2] / values.shape[3], MIN_ROW)
    side = min(CLASS_INPUT, step)
    title = _per_class_title(maps, class_names)
    body = HEAD + len(images) * step
    canvas = FigureCanvas(title, body + 0.1 + SCALE_HEIGHT)
    inputs = Mosaic(shown_images(images)[:, None])
    canvas.image(inputs.pixels, (left - BETWEEN - side, HEAD, side, len(images) * step))
    canvas.image(mosaic.pixels, (left, HEAD, maps.num_channels * pitch, len(images) * step))
    for row, name in enumerate(class_names):
        canvas.cell(left - BETWEEN - side - 0.1, HEAD + inputs.centre(row) * step, label(name, 12), fontsize=SMALL_SIZE,
                    ha="right")  # fmt: skip
    for channel in every(maps.num_channels, pitch):
        canvas.text(left + mosaic.centre(channel) * pitch, HEAD - 0.05, str(channel), fontsize=TINY_SIZE, color=MUTED,
                    ha="center")  # fmt: skip
    canvas.text(left, 0.1, "channel →", fontsize=TEXT_SIZE - 1, color=MUTED)
    draw_scale(canvas, (left, body + 0.1), SEQUENTIAL, (low, high), _scale_caption(maps))
    return Illustration(
        f"feature_maps_per_class_{file_stem(maps.layer_name)}", title,
        "A row per class: its first test image, then the output of every channel. Compare down a column to see which classes a "
        "channel separates.",
        _alternative(maps, class_names),
        canvas.figure,
    )  # fmt: skip


def _per_class_title(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    channel = int((means.max(axis=0) - means.min(axis=0)).argmax())
    low, high = int(means[:, channel].argmin()), int(means[:, channel].argmax())
    silent = int((maps.values.max(axis=(0, 1, 2)) <= 0).sum())
    verb = "is" if silent == 1 else "are"
    rest = f"; {count_of(silent, 'channel')} of {maps.num_channels} {verb} inactive for all" if silent else ""
    return (f"{label(maps.layer_name, 30)}: channel {channel} differs most between these {len(class_names)} images, from a mean of "
            f"{number(means[low, channel])} for {quoted(class_names[low])} to {number(means[high, channel])} for "
            f"{quoted(class_names[high])}{rest}")  # fmt: skip


def _alternative(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    rows = (f"{quoted(name)}: channel {int(row.argmax())} ({number(row.max())})"
            for name, row in zip(class_names, means, strict=True))  # fmt: skip
    return (f"{len(class_names)} × {maps.num_channels} maps. The channel with the largest mean activation, by class: "
            f"{', '.join(rows)}. Mean over all: {number(np.mean(means))}.")  # fmt: skip
