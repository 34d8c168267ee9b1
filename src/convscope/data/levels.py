"""Pixels as data sets have them (floats 0..1, 16 bits, truth values, flat rows) made (n, h, w, c) of grey levels 0..255."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from ..types import Images
from .grey import on_white
from .memory import room_for

CHANNELS, WITH_OPACITY = (1, 3, 4), 4
BLOCK = 512
"""Images that are converted at a time: the copy in floats stays small."""


@dataclass(frozen=True)
class Scale:
    """How the values of a data set become grey levels: ``level = (value - low) · 255 / (high - low)``, rounded."""

    low: float
    high: float
    note: str = ""

    @property
    def range(self) -> tuple[float, float]:
        return self.low, self.high

    def apply(self, values: npt.NDArray[Any]) -> Images:
        """Of any shape."""
        if values.dtype == np.uint8 and self.range == BYTES.range:
            return values
        levels = np.empty(values.shape, np.uint8)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK].astype(np.float64)
            levels[start : start + BLOCK] = np.floor((block - self.low) * (255 / (self.high - self.low)) + 0.5)
        return levels


BYTES = Scale(0, 255)
BITS = Scale(0, 1, "its values 0 and 1 were made black and white")
SCALES = (
    Scale(0, 1, "its values 0..1 were made grey levels 0..255"),
    Scale(-1, 1, "its values -1..1 were made grey levels 0..255"),
    Scale(0, 255, "its values were rounded to grey levels 0..255"),
    Scale(0, 65535, "its 16 bits were made 8"),
)
PARTS = (((0, 1), (-1, 1)), ((0, 255), (0, 65535)))
"""What a test split may have beside what the training split has: it happens to lack the rest. But 0..1 beside 0..255 was
scaled by another hand."""


def to_images(parts: Sequence[npt.NDArray[Any]], name: str) -> tuple[list[Images], list[str]]:
    """(n, h, w, c) uint8 of each split, and notes on what was done. Bytes are not copied.

    Each of ``parts``: (n, h, w), (n, h, w, c), (n, c, h, w) with 1, 3 or 4 channels, or flat rows (n, pixels) of squares. All are
    scaled alike, by the range of the first. Raises :class:`DatasetError` where there is no such range or shape.
    """
    notes: list[str] = []
    shaped = [_shaped(part, name, notes) for part in parts]
    for part in shaped:
        if part.shape[3] not in CHANNELS:
            raise DatasetError(
                f"{name}: images have {part.shape[3]} channels; 1 (grey), 3 (RGB) or 4 (RGB and opacity) was expected. "
                "Save those channels alone."
            )
    scale, *others = [_scale_of(part, name) for part in shaped]
    for other in others:
        if other.range != scale.range and (other.range, scale.range) not in PARTS:
            raise DatasetError(
                f"{name}: training images have values {scale.low:g}..{scale.high:g}, test images {other.low:g}..{other.high:g}; "
                "one range was expected in both. Scale them alike."
            )
    if scale.range == BYTES.range and _are_bits(shaped):
        scale = BITS
    if scale.note:
        notes.append(scale.note)
    images = [scale.apply(part) for part in shaped]
    if any(part.shape[3] == WITH_OPACITY for part in images):
        images, notes = (
            [_on_white(part, name) for part in images],
            [*notes, "its images were laid on white, where transparent"],
        )
    return images, list(dict.fromkeys(notes))


def _on_white(images: Images, name: str) -> Images:
    if images.shape[3] != WITH_OPACITY:
        return images
    opaque = room_for((*images.shape[:3], 3), name)
    for start in range(0, len(images), BLOCK):
        opaque[start : start + BLOCK] = on_white(images[start : start + BLOCK])
    return opaque


def square_side(pixels: int) -> tuple[int, int, int] | None:
    """(h, w, c) of a square grey or colour image of so many values, or ``None``. No number is both."""
    for channels in (1, 3):
        side = math.isqrt(pixels // channels)
        if side and side * side * channels == pixels:
            return side, side, channels
    return None


def _shaped(array: npt.NDArray[Any], name: str, notes: list[str]) -> npt.NDArray[Any]:
    if array.size == 0:
        raise DatasetError(f"{name}: images have shape {array.shape}, with nothing in it; at least one image was expected.")
    if array.ndim == 2 and (shape := square_side(array.shape[1])):
        notes.append(f"its rows of {array.shape[1]:,} values were taken as images of {shape[0]} × {shape[1]}")
        return array.reshape(len(array), *shape)
    if array.ndim == 3:
        return array[..., None]
    if array.ndim == 4 and array.shape[3] > 4 and array.shape[1] in (1, 3, 4):
        notes.append("its channels were moved last")
        return np.moveaxis(array, 1, 3)
    if array.ndim != 4:
        raise DatasetError(
            f"{name}: images have shape {array.shape}; (n, height, width), (n, height, width, channels) or rows of square "
            "images were expected. Reshape them before saving."
        )
    return array


def _scale_of(images: npt.NDArray[Any], name: str) -> Scale:
    if images.dtype == np.uint8:
        return BYTES
    if images.dtype == np.bool_:
        return BITS
    if images.dtype.kind not in "iuf":
        raise DatasetError(
            f"{name}: images have dtype {images.dtype}; uint8, or other numbers, were expected. Convert them before saving."
        )
    low, high = _range(images, name)
    if images.dtype.kind == "f":
        found = next((scale for scale in SCALES[:3] if scale.low <= low and high <= scale.high), None)
    else:
        found = next((scale for scale in (BYTES, SCALES[3]) if scale.low <= low and high <= scale.high), None)
    if found is None:
        raise DatasetError(
            f"{name}: images have values from {low:g} to {high:g}; 0 to 255, 0 to 1 or -1 to 1 was expected. "
            "Scale them before saving."
        )
    return found


def _range(images: npt.NDArray[Any], name: str) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            place = np.argwhere(~np.isfinite(block))[0]
            raise DatasetError(
                f"{name}: image {start + place[0]:,} has the value {block[tuple(place)]} at row {place[1]}, column {place[2]}; "
                "numbers were expected. Mend or leave out such images."
            )
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _are_bits(parts: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether no value is over 1. A mapped file is not read through for that."""
    return not any(isinstance(part, np.memmap) for part in parts) and max(int(part.max()) for part in parts) == 1
