"""The feature maps of a layer for one image."""

from __future__ import annotations

import numpy as np

from ..analysis.feature_maps import FeatureMaps
from ..formatting import count_of, join_words
from ..types import Images
from .canvas import Sheet, in_theme
from .illustration import Illustration
from .mosaic import Mosaic, coloured, in_rows, pictures
from .scale import SCALE_HEIGHT, draw_scale
from .theme import MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE, TINY_SIZE
from .wording import file_stem, label, number, quoted, size

INPUT, LEFT, RIGHT, CAPTION = 1.3, 1.6, 7.6, 0.17


@in_theme
def draw_feature_maps(maps: FeatureMaps, image: Images, class_name: str) -> Illustration:
    """Draw every channel of a layer for one image.

    Args:
        maps: The feature maps; ``maps.values`` is (1, h, w, channels).
        image: The first test image (1, h, w, c).
        class_name: Its true class.
    """
    values = maps.values[0].transpose(2, 0, 1)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    columns = 8 if maps.num_channels <= 40 else 16 if maps.num_channels <= 160 else 32
    mosaic = in_rows(coloured(values, SEQUENTIAL, low, high), columns)
    pitch = (RIGHT - LEFT) / columns
    step = pitch * values.shape[1] / values.shape[2] + (CAPTION if columns < 32 else 0)
    title = _title(maps, class_name)
    body = max(mosaic.rows * step, INPUT * image.shape[1] / image.shape[2] + 0.4)
    sheet = Sheet(title, body + 0.1 + SCALE_HEIGHT)
    _draw_input(sheet, image, class_name)
    for row in range(mosaic.rows):
        place = (LEFT, row * step + CAPTION, columns * pitch, pitch * values.shape[1] / values.shape[2])
        sheet.picture(Mosaic(mosaic.tiles[row : row + 1]).pixels, place)
    for channel in range(maps.num_channels if columns < 32 else 0):
        row, column = divmod(channel, columns)
        sheet.text(LEFT + column * pitch, row * step + CAPTION - 0.04, str(channel), fontsize=TINY_SIZE, color=MUTED)
    draw_scale(
        sheet,
        (LEFT, body + 0.1),
        SEQUENTIAL,
        (low, high),
        f"activation; one scale for all maps of {label(maps.layer_name, 24)}",
    )
    return Illustration(
        f"feature_maps_{file_stem(maps.layer_name)}", title,
        "The input is on the left; each small image is the output of one channel, below its number: brighter is a larger "
        "activation.",
        f"Maps of {size(values.shape[1:])}. Largest activation by channel: "
        + ", ".join(f"{channel}: {number(largest)}" for channel, largest in enumerate(values.max(axis=(1, 2)))) + ".",
        sheet.figure,
    )  # fmt: skip


def _draw_input(sheet: Sheet, image: Images, class_name: str) -> None:
    height = INPUT * image.shape[1] / image.shape[2]
    sheet.picture(pictures(image)[0], (0, CAPTION, INPUT, height))
    sheet.text(0, CAPTION + height + 0.06, "test image 0", fontsize=SMALL_SIZE, color=MUTED, va="top")
    sheet.text(0, CAPTION + height + 0.2, label(class_name, 18), fontsize=TEXT_SIZE, va="top")


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
