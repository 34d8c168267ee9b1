"""Conversion of pixel arrays (floats, 16 bits, booleans, flat rows) to (n, h, w, c) uint8."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ...system.memory import allocate_images
from ...types import Images
from ..images.resample import composite_on_white

CHANNELS, WITH_OPACITY = (1, 3, 4), 4
BLOCK = 512
"""Images converted at a time, which keeps the float copy small."""


@dataclass(frozen=True)
class ValueRange:
    """A range of values: grey levels are ``(value - low) · 255 / (high - low)``, rounded."""

    low: float
    high: float
    note: str = ""

    @property
    def range(self) -> tuple[float, float]:
        return self.low, self.high

    def apply(self, values: npt.NDArray[Any]) -> Images:
        """Convert values of any shape to grey levels."""
        if values.dtype == np.uint8 and self.range == BYTES.range:
            return values
        levels = np.empty(values.shape, np.uint8)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK].astype(np.float64)
            levels[start : start + BLOCK] = np.floor((block - self.low) * (255 / (self.high - self.low)) + 0.5)
        return levels


BYTES = ValueRange(0, 255)
BITS = ValueRange(0, 1, "converted values 0 and 1 to black and white")

SCALES = (
    ValueRange(0, 1, "scaled values from 0–1 to 0–255"),
    ValueRange(-1, 1, "scaled values from −1–1 to 0–255"),
    ValueRange(0, 255, "rounded values to whole numbers from 0 to 255"),
    ValueRange(0, 65535, "reduced values from 16 to 8 bits"),
)

PARTS = (((0, 1), (-1, 1)), ((0, 255), (0, 65535)))
"""Pairs of ranges (test, training) that are accepted, because the test split may lack the extreme values. A test split of 0 to 1
with training values of 0 to 255 is not: the two were scaled differently."""


def to_uint8_images(parts: Sequence[npt.NDArray[Any]], name: str) -> tuple[list[Images], list[str]]:
    """Convert the pixels of each split to images (n, h, w, c) uint8, with notes.

    The range of values is that of the first split. Arrays of uint8 are not copied.

    Args:
        parts: (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels, or (n, pixels) of square images.
        name: The dataset, quoted, for error messages.

    Raises:
        DatasetError: A shape, dtype or range of values is not supported.
    """
    notes: list[str] = []
    shaped = [_shaped(part, name, notes) for part in parts]
    for part in shaped:
        if part.shape[3] not in CHANNELS:
            raise DatasetError(
                f"images of {name} must have 1 (grey), 3 (RGB) or 4 (RGBA) channels; got {part.shape[3]}. Save only these channels."
            )
    scale, *others = [_scale_of(part, name) for part in shaped]
    for other in others:
        if other.range != scale.range and (other.range, scale.range) not in PARTS:
            raise DatasetError(
                f"{name} has training images with values in {scale.low:g}..{scale.high:g} and test images in "
                f"{other.low:g}..{other.high:g}. Scale both alike."
            )
    if scale.range == BYTES.range and _are_bits(shaped):
        scale = BITS
    if scale.note:
        notes.append(scale.note)
    images = [scale.apply(part) for part in shaped]
    if any(part.shape[3] == WITH_OPACITY for part in images):
        images = [_on_white(part, name) for part in images]
        notes.append("composited transparent pixels on white")
    return images, list(dict.fromkeys(notes))


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


def _shaped(array: npt.NDArray[Any], name: str, notes: list[str]) -> npt.NDArray[Any]:
    if array.size == 0:
        raise DatasetError(f"{name} holds no images: their shape is {array.shape}. Save at least one image.")
    if array.ndim == 2 and (shape := square_side(array.shape[1])):
        notes.append(f"reshaped rows of {array.shape[1]:,} values to images of {shape[0]} × {shape[1]}")
        return array.reshape(len(array), *shape)
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


def _scale_of(images: npt.NDArray[Any], name: str) -> ValueRange:
    if images.dtype == np.uint8:
        return BYTES
    if images.dtype == np.bool_:
        return BITS
    if images.dtype.kind not in "iuf":
        raise DatasetError(
            f"images of {name} must be numbers, such as uint8; got dtype {images.dtype}. Convert them before saving."
        )
    low, high = _range(images, name)
    if images.dtype.kind == "f":
        found = next((scale for scale in SCALES[:3] if scale.low <= low and high <= scale.high), None)
    else:
        found = next((scale for scale in (BYTES, SCALES[3]) if scale.low <= low and high <= scale.high), None)
    if found is None:
        raise DatasetError(
            f"images of {name} must have values in 0..255, 0..1 or -1..1; got {low:g} to {high:g}. Scale them before saving."
        )
    return found


def _range(images: npt.NDArray[Any], name: str) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            index = np.argwhere(~np.isfinite(block))[0]
            raise DatasetError(
                f"image {start + index[0]:,} of {name} has the value {block[tuple(index)]} at row {index[1]}, column {index[2]}. "
                "Correct or remove such images."
            )
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high


def _are_bits(parts: Sequence[npt.NDArray[Any]]) -> bool:
    # A memory-mapped file is large; reading it through for this would take too long.
    return not any(isinstance(part, np.memmap) for part in parts) and max(int(part.max()) for part in parts) == 1
