"""Conversion of pixel arrays of any shape (channels first, flat rows, with opacity) to (n, h, w, c) uint8."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ...system.memory import allocate_images
from ...types import Images
from ..images.resample import composite_on_white
from .pixel_scale import BLOCK, ValueRange, choose_scale

CHANNELS, WITH_OPACITY = (1, 3, 4), 4
SAMPLE = 1000
"""Images by which the order of colours is chosen."""
CLEARLY = 0.9
"""Of images in their order, the other one is rougher by at least a third; of noise both are alike."""


def to_uint8_images(
    parts: Sequence[npt.NDArray[Any]],
    name: str,
    asked: tuple[float, float] | None = None,
    usual: tuple[float, float] | None = None,
) -> tuple[list[Images], list[str], ValueRange]:
    """Convert the pixels of each split to images (n, h, w, c) uint8, with notes and the scale, that of the first split.

    ``parts`` are (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels, or (n, pixels) of square images; arrays of
    uint8 are not copied. ``asked`` and ``usual`` are as in :func:`choose_scale`. DatasetError if a shape, dtype or range is
    not supported.
    """
    notes: list[str] = []
    shaped = [_shaped(part, name, notes) for part in parts]
    for part in shaped:
        if part.shape[3] not in CHANNELS:
            raise DatasetError(
                f"images of {name} must have 1 (grey), 3 (RGB) or 4 (RGBA) channels; got {part.shape[3]}. Save only these channels."
            )
    scale = choose_scale(shaped, name, asked, usual)
    if scale.note:
        notes.append(scale.note)
    images = [scale.apply(part) for part in shaped]
    if any(part.shape[3] == WITH_OPACITY for part in images):
        images = [_on_white(part, name) for part in images]
        notes.append("composited transparent pixels on white")
    return images, list(dict.fromkeys(notes)), scale


def _on_white(images: Images, name: str) -> Images:
    if images.shape[3] != WITH_OPACITY:
        return images
    opaque = allocate_images((*images.shape[:3], 3), name)
    for start in range(0, len(images), BLOCK):
        opaque[start : start + BLOCK] = composite_on_white(images[start : start + BLOCK])
    return opaque


def square_side(pixels: int) -> tuple[int, int, int] | None:
    """Return the shape (h, w, c) of a square grey or RGB image with so many values, or None."""
    # No number is both: side² = 3 · side² has no solution in whole numbers.
    for channels in (1, 3):
        side = math.isqrt(pixels // channels)
        if side and side * side * channels == pixels:
            return side, side, channels
    return None


def images_of_rows(rows: npt.NDArray[Any], shape: tuple[int, int, int]) -> tuple[npt.NDArray[Any], str]:
    """Return rows of values (n, h · w · c) as images (n, h, w, c), with a note where they were stored channel by channel.

    CIFAR's are. The wrong order makes neighbours of pixels that are none, so the one that is smoother from row to row is right.
    """
    height, width, channels = shape
    pixel_by_pixel = rows.reshape(len(rows), *shape)
    if channels == 1 or rows.dtype.kind not in "biuf":
        return pixel_by_pixel, ""
    by_channel = np.moveaxis(rows.reshape(len(rows), channels, height, width), 1, 3)
    with np.errstate(all="ignore"):  # infinities, which are refused later
        rough = [np.abs(np.diff(each[:SAMPLE].astype(np.float64), axis=1)).sum() for each in (pixel_by_pixel, by_channel)]
    if rough[1] < CLEARLY * rough[0]:
        return by_channel, "took the values of each row channel by channel, since that makes smoother images"
    return pixel_by_pixel, ""


def _shaped(array: npt.NDArray[Any], name: str, notes: list[str]) -> npt.NDArray[Any]:
    if array.size == 0:
        raise DatasetError(f"{name} holds no images: their shape is {array.shape}. Save at least one image.")
    if array.ndim == 2 and (shape := square_side(array.shape[1])):
        notes.append(f"reshaped rows of {array.shape[1]:,} values to images of {shape[0]} × {shape[1]}")
        images, note = images_of_rows(array, shape)
        notes += [note] if note else []
        return images
    if array.ndim == 3:
        return array[..., None]
    if array.ndim == 4 and array.shape[3] > 4 and array.shape[1] in (1, 3, 4):
        notes.append("moved the channels to the last axis")
        return np.moveaxis(array, 1, 3)
    if array.ndim != 4:
        raise DatasetError(
            f"images of {name} must be (n, height, width), (n, height, width, channels) or rows of square images; got shape "
            f"{array.shape}. Reshape them before saving."
        )
    return array
