"""The feature maps of a layer for one image of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..analysis.feature_maps import FeatureMaps
from ..formatting import count_of
from ..types import Images
from .canvas import Sheet, in_theme, room_for
from .illustration import Illustration
from .kernel_wall import every
from .mosaic import Mosaic, coloured, pictures
from .scale import SCALE_HEIGHT, draw_scale
from .theme import MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE, TINY_SIZE
from .wording import file_stem, label, number, quoted

INPUT, BETWEEN, RIGHT, HEAD = 0.44, 0.14, 7.6, 0.36
LARGEST_ROW, SMALLEST_ROW = 0.5, 0.16


@in_theme
def draw_feature_maps_per_class(maps: FeatureMaps, images: Images, class_names: Sequence[str]) -> Illustration:
    """Draw every channel of a layer for one image per class.

    Args:
        maps: The feature maps; ``maps.values`` is (n, h, w, channels).
        images: One image per class (n, h, w, c).
        class_names: Their true classes (n).
    """
    values = maps.values.transpose(0, 3, 1, 2)
    low, high = min(0.0, float(values.min())), float(values.max()) or 1.0
    mosaic = Mosaic(coloured(values, SEQUENTIAL, low, high))
    left = room_for((label(name, 12) for name in class_names), SMALL_SIZE) + INPUT + BETWEEN
    pitch = min((RIGHT - left) / maps.num_channels, LARGEST_ROW)
    step = max(pitch * values.shape[2] / values.shape[3], SMALLEST_ROW)
    side = min(INPUT, step)
    title = _title(maps, class_names)
    body = HEAD + len(images) * step
    sheet = Sheet(title, body + 0.1 + SCALE_HEIGHT)
    inputs = Mosaic(pictures(images)[:, None])
    sheet.picture(inputs.pixels, (left - BETWEEN - side, HEAD, side, len(images) * step))
    sheet.picture(mosaic.pixels, (left, HEAD, maps.num_channels * pitch, len(images) * step))
    for row, name in enumerate(class_names):
        sheet.text(left - BETWEEN - side - 0.1, HEAD + inputs.centre(row) * step, label(name, 12), fontsize=SMALL_SIZE, ha="right",
                   va="center_baseline")  # fmt: skip
    for channel in every(maps.num_channels, pitch):
        sheet.text(
            left + mosaic.centre(channel) * pitch, HEAD - 0.05, str(channel), fontsize=TINY_SIZE, color=MUTED, ha="center"
        )
    sheet.text(left, 0.1, "channel →", fontsize=TEXT_SIZE - 1, color=MUTED)
    draw_scale(
        sheet,
        (left, body + 0.1),
        SEQUENTIAL,
        (low, high),
        f"activation; one scale for all maps of {label(maps.layer_name, 24)}",
    )
    return Illustration(
        f"feature_maps_per_class_{file_stem(maps.layer_name)}", title,
        "A row per class: its first test image, then the output of every channel. Compare down a column to see which classes a "
        "channel separates.",
        _alternative(maps, class_names),
        sheet.figure,
    )  # fmt: skip


def _title(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    channel = int((means.max(axis=0) - means.min(axis=0)).argmax())
    low, high = int(means[:, channel].argmin()), int(means[:, channel].argmax())
    silent = int((maps.values.max(axis=(0, 1, 2)) <= 0).sum())
    rest = (
        f"; {count_of(silent, 'channel')} of {maps.num_channels} {'is' if silent == 1 else 'are'} inactive for all"
        if silent
        else ""
    )
    return (f"{label(maps.layer_name, 30)}: channel {channel} differs most between these {len(class_names)} images, from a mean of "
            f"{number(means[low, channel])} for {quoted(class_names[low])} to {number(means[high, channel])} for "
            f"{quoted(class_names[high])}{rest}")  # fmt: skip


def _alternative(maps: FeatureMaps, class_names: Sequence[str]) -> str:
    means = maps.values.mean(axis=(1, 2))
    rows = (f"{quoted(name)}: channel {int(row.argmax())} ({number(row.max())})"
            for name, row in zip(class_names, means, strict=True))  # fmt: skip
    return (f"{len(class_names)} × {maps.num_channels} maps. The channel with the largest mean activation, by class: "
            f"{', '.join(rows)}. Mean over all: {number(np.mean(means))}.")  # fmt: skip
