"""Figures of a layer: the kernels of a convolution, and feature maps for one image and for one image per class."""

from collections.abc import Sequence

import numpy as np

from ..analysis.activations import FeatureMaps, Kernels
from ..formatting import count_of, join_words, percent
from ..types import Images
from .canvas import SCALE_HEIGHT, FigureCanvas, draw_scale, in_theme, names_width
from .figure import Illustration
from .mosaic import Mosaic, Pixels, coloured, in_rows, shown_images
from .text import file_stem, label, number, quoted, size
from .theme import DIVERGING, MARGIN, MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE, TINY_SIZE

LEFT, HEAD, RIGHT = 0.5, 0.36, 7.6
WRAPPED_COLUMNS = 8
MAX_IN, MAX_OUT = 64, 128
"""Channels shown; with more, a kernel would be smaller than a point."""


@in_theme
def draw_kernels(kernels: Kernels) -> Illustration:
    """Draw a row per input channel and a column per output channel; with one input channel, rows of eight."""
    shown = kernels.values[:MAX_IN, :MAX_OUT]
    largest = kernels.largest or 1.0
    tiles = coloured(shown, DIVERGING, -largest, largest)
    title = _title(kernels)
    canvas = _few(title, tiles[0]) if len(shown) == 1 else _wall(title, Mosaic(tiles))
    place = (0.0 if len(shown) == 1 else LEFT, canvas.height - canvas.top - MARGIN - SCALE_HEIGHT)
    caption = f"weight; one scale for all kernels of {label(kernels.layer_name, 30)}"
    draw_scale(canvas, place, DIVERGING, (-largest, largest), caption)
    order = "Numbers are output channels" if len(shown) == 1 else "A row per input channel, a column per output channel"
    cut = "" if shown.size == kernels.values.size else f" The first {len(shown)} × {shown.shape[1]} kernels are shown."
    return Illustration(
        f"kernels_{file_stem(kernels.layer_name)}", title,
        f"{order}; red weights are positive (bright pixels raise the output), blue ones negative.{cut}",
        _alternative(kernels),
        canvas.figure,
    )  # fmt: skip


def _title(kernels: Kernels) -> str:
    values = kernels.values
    source, target, _, _ = (int(index) for index in np.unravel_index(int(abs(values).argmax()), values.shape))
    where = f"output channel {target}" if kernels.in_channels == 1 else f"input channel {source} → output channel {target}"
    total = count_of(kernels.in_channels * kernels.out_channels, "kernel")
    strongest = number(float(values.flat[int(abs(values).argmax())]))
    negative = float(np.mean(values < 0))
    return (f"{label(kernels.layer_name, 30)}: {total} of {size(values.shape[2:])}; {percent(negative, 0)} of {values.size:,} "
            f"weights are negative; the largest in magnitude, {strongest}, is in {where}")  # fmt: skip


def _alternative(kernels: Kernels) -> str:
    values = kernels.values
    strengths = np.sqrt((values**2).sum(axis=(0, 2, 3)))
    norms = ", ".join(f"{channel} {number(strength)}" for channel, strength in enumerate(strengths))
    return (f"{count_of(kernels.in_channels, 'input channel')}, {count_of(kernels.out_channels, 'output channel')}. Weights from "
            f"{number(values.min())} to {number(values.max())}, mean {number(values.mean())}, standard deviation "
            f"{number(values.std())}. L2 norm of the weights of each output channel: "
            f"{norms}.")  # fmt: skip


def _few(title: str, tiles: Pixels) -> FigureCanvas:
    mosaic = in_rows(tiles, WRAPPED_COLUMNS)
    pitch, caption = RIGHT / WRAPPED_COLUMNS, 0.2
    height = pitch * mosaic.tiles.shape[2] / mosaic.tiles.shape[3]
    canvas = FigureCanvas(title, mosaic.rows * (height + caption) + SCALE_HEIGHT + 0.1)
    canvas.image_rows(mosaic, (0, caption, mosaic.columns * pitch, height), height + caption)
    for channel in range(len(tiles)):
        row, column = divmod(channel, WRAPPED_COLUMNS)
        canvas.note(column * pitch, row * (height + caption) + caption - 0.05, str(channel))
    return canvas


def _wall(title: str, mosaic: Mosaic) -> FigureCanvas:
    pitch = min(0.5, (RIGHT - LEFT) / mosaic.columns)
    height = pitch * mosaic.tiles.shape[2] / mosaic.tiles.shape[3]
    canvas = FigureCanvas(title, HEAD + mosaic.rows * height + 0.12 + SCALE_HEIGHT)
    canvas.image(mosaic.pixels, (LEFT, HEAD, mosaic.columns * pitch, mosaic.rows * height))
    canvas.text(LEFT, 0.1, "output channel →", fontsize=TEXT_SIZE - 1, color=MUTED)
    canvas.text(0.08, HEAD, "← input channel", fontsize=TEXT_SIZE - 1, color=MUTED, rotation=90, va="top", ha="center")
    for column in every(mosaic.columns, pitch):
        canvas.text(LEFT + mosaic.centre(column) * pitch, HEAD - 0.05, str(column), fontsize=TINY_SIZE, color=MUTED,
                    ha="center")  # fmt: skip
    for row in every(mosaic.rows, height):
        canvas.cell(LEFT - 0.06, HEAD + mosaic.centre(row) * height, str(row), fontsize=TINY_SIZE, color=MUTED, ha="right")
    return canvas


def every(amount: int, pitch: float, space: float = 0.16) -> range:
    """Return the channels whose numbers fit if each channel has ``pitch`` inches."""
    return range(0, amount, next((step for step in (1, 2, 4, 8, 16, 32) if step * pitch >= space), 64))


INPUT, MAPS_LEFT, CAPTION = 1.3, 1.6, 0.17


@in_theme
def draw_feature_maps(maps: FeatureMaps, image: Images, class_name: str) -> Illustration:
    """Draw every channel of a layer for the first test image (1, h, w, c) of ``class_name``."""
    values = maps.values[0].transpose(2, 0, 1)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    columns = 8 if maps.num_channels <= 40 else 16 if maps.num_channels <= 160 else 32
    mosaic = in_rows(coloured(values, SEQUENTIAL, low, high), columns)
    pitch = (RIGHT - MAPS_LEFT) / columns
    step = pitch * values.shape[1] / values.shape[2] + (CAPTION if columns < 32 else 0)
    title = _maps_title(maps, class_name)
    body = max(mosaic.rows * step, INPUT * image.shape[1] / image.shape[2] + 0.4)
    canvas = FigureCanvas(title, body + 0.1 + SCALE_HEIGHT)
    _draw_input(canvas, image, class_name)
    canvas.image_rows(mosaic, (MAPS_LEFT, CAPTION, columns * pitch, pitch * values.shape[1] / values.shape[2]), step)
    for channel in range(maps.num_channels if columns < 32 else 0):
        row, column = divmod(channel, columns)
        canvas.text(MAPS_LEFT + column * pitch, row * step + CAPTION - 0.04, str(channel), fontsize=TINY_SIZE, color=MUTED)
    draw_scale(canvas, (MAPS_LEFT, body + 0.1), SEQUENTIAL, (low, high), _scale_caption(maps))
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


def _maps_title(maps: FeatureMaps, class_name: str) -> str:
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


CLASS_INPUT, BETWEEN = 0.44, 0.14
MAX_ROW, MIN_ROW = 0.5, 0.16


@in_theme
def draw_feature_maps_per_class(maps: FeatureMaps, images: Images, class_names: Sequence[str]) -> Illustration:
    """Draw every channel of a layer for one image (n, h, w, c) per class."""
    values = maps.values.transpose(0, 3, 1, 2)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    mosaic = Mosaic(coloured(values, SEQUENTIAL, low, high))
    left = names_width((label(name, 12) for name in class_names), SMALL_SIZE) + CLASS_INPUT + BETWEEN
    pitch = min((RIGHT - left) / maps.num_channels, MAX_ROW)
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
        _per_class_alternative(maps, class_names),
        canvas.figure,
    )  # fmt: skip


def _per_class_title(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    channel = int((means.max(axis=0) - means.min(axis=0)).argmax())
    low, high = int(means[:, channel].argmin()), int(means[:, channel].argmax())
    silent = int((maps.values.max(axis=(0, 1, 2)) <= 0).sum())
    verb = "is" if silent == 1 else "are"
    rest = f"; {count_of(silent, 'channel')} of {maps.num_channels} {verb} inactive for all" if silent else ""
    if len(class_names) == 1:
        return f"{label(maps.layer_name, 30)}: one image, of {quoted(class_names[0])}{rest}"
    return (f"{label(maps.layer_name, 30)}: channel {channel} differs most between these {len(class_names)} images, from a mean of "
            f"{number(means[low, channel])} for {quoted(class_names[low])} to {number(means[high, channel])} for "
            f"{quoted(class_names[high])}{rest}")  # fmt: skip


def _per_class_alternative(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    rows = (f"{quoted(name)}: channel {int(row.argmax())} ({number(row.max())})"
            for name, row in zip(class_names, means, strict=True))  # fmt: skip
    return (f"{len(class_names)} × {maps.num_channels} maps. The channel with the largest mean activation, by class: "
            f"{', '.join(rows)}. Mean over all: {number(np.mean(means))}.")  # fmt: skip
