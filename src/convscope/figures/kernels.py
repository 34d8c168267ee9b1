"""All kernels of a convolution."""

import numpy as np

from ..analysis.activations import Kernels
from ..formatting import count_of, percent
from .canvas import FigureCanvas, in_theme
from .color_scale import SCALE_HEIGHT, draw_scale
from .figure import Illustration
from .mosaic import Mosaic, Pixels, coloured, in_rows
from .text import file_stem, label, number, size
from .theme import DIVERGING, MARGIN, MUTED, TEXT_SIZE, TINY_SIZE

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
