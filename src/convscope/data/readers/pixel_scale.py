"""Scale of pixel values: which value is black, and which is white.

A scale is taken without asking only where it is certain: 0 to 1, −1 to 1 and 0 to 255; 16 bits; and ranges that end exactly where
fewer bits do, such as 0 to 16 (scikit-learn's digits), 12 or 14 bits in 16, or 0 to 255 divided by 255 twice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError, PictureError, option
from ...types import Images

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
UNIT = ValueRange(0, 1, "scaled values from 0–1 to 0–255")
SIGNED = ValueRange(-1, 1, "scaled values from −1–1 to 0–255")
ROUNDED = ValueRange(0, 255, "rounded values to whole numbers from 0 to 255")
PERCENT = ValueRange(0, 255, "took values up to 100 as grey levels of 0–255; if 100 is white, pass --pixel-range 0..100")
SIXTEEN_BITS = ValueRange(0, 65535, "reduced values from 16 to 8 bits")
TWICE = ValueRange(0, 1 / 255, "stretched values from 0–1/255, which had been divided by 255 twice, to 0–255")

PERCENT_WHITE = 100
FEW_BITS = (3, 7, 15, 16, 31)
"""Largest values of 2 to 5 bits, and of scikit-learn's digits."""
NEARLY = 0.99
"""Share of the range of 9 to 15 bits that the largest value must reach: bits shifted up from 8 leave the last ones empty."""
QUARTER = 0.25
"""Share of a range that the largest value must reach for it to be plausible: that of the training data, for other data, and 16
bits."""
FEW_IMAGES = 20
"""Of fewer images, the largest value says nothing about their scale."""
DARK = 32
"""Floats of no known scale that are not larger need not be grey levels."""
BRIGHT = 200
"""Nor need fractions that are not larger: the brightest of some images in grey levels nearly always is."""
ROUNDING = 1e-5


@dataclass(frozen=True)
class Values:
    """What the scale of some images is told by: the smallest and the largest value, and how many images have them."""

    low: float
    high: float
    dtype: np.dtype[Any]
    count: int
    are_whole: bool = True

    @property
    def extent(self) -> tuple[float, float]:
        return self.low, self.high


def choose_scale(
    parts: Sequence[npt.NDArray[Any]],
    name: str,
    asked: tuple[float, float] | None = None,
    usual: tuple[float, float] | None = None,
) -> ValueRange:
    """Return the scale of the training split, the first of ``parts`` (n, h, w, c), which holds for the others.

    Black and white may be ``asked`` for; ``usual`` are those of the data that a network was trained on, taken where the
    values leave it open. DatasetError if values are no numbers, outside the scale, on different scales, or on one that is
    not certain.
    """
    for part in parts:
        if part.dtype.kind not in "biuf":
            raise DatasetError(
                f"images of {name} must be numbers, such as uint8; got dtype {part.dtype}. Convert them before saving."
            )
    return scale_of([_measured(part, name, 255 if asked else PERCENT_WHITE) for part in parts], name, asked, usual)


def scale_of(
    parts: Sequence[Values],
    name: str,
    asked: tuple[float, float] | None = None,
    usual: tuple[float, float] | None = None,
) -> ValueRange:
    """Return the scale of images of which only the values are known, as :func:`choose_scale` does."""
    first, *others = parts
    if asked is not None:
        scale = ValueRange(*asked, f"scaled values from {asked[0]:g}–{asked[1]:g} to 0–255, as requested")
        outside = next((each for each in parts if not _within(each.extent, scale)), None)
        if outside:
            raise DatasetError(
                f"images of {name} have values from {outside.low:g} to {outside.high:g}, outside "
                f"{option('pixel_range', asked)}. Pass the range of all images."
            )
        return scale
    # Grey levels are seen for what they are, and percentages are none, unless the images are few.
    if usual == BYTES.range and first.count >= FEW_IMAGES:
        usual = None
    if usual and _within(first.extent, ValueRange(*usual)) and first.high >= QUARTER * usual[1] and first.dtype != np.bool_:
        scale = ValueRange(*usual, "" if usual == BYTES.range else f"scaled values from {usual[0]:g}–{usual[1]:g} to 0–255")
    else:
        # Of all-black training images, the test images have to tell bits from bytes.
        brightest = first.high or max((each.high for each in others), default=0)
        scale = _own_scale(first, brightest if brightest <= 1 else first.high, name)
    for part in others:
        if not _within(part.extent, scale) or _is_smaller(part, scale):
            raise DatasetError(
                f"{name} has training images with values in {scale.low:g}..{scale.high:g} and test images in "
                f"{part.low:g}..{part.high:g}. Scale both alike."
            )
    return scale


def scale_of_picture(values: npt.NDArray[np.uint16]) -> ValueRange:
    """Return the scale of a picture of 16 bits alone, with a note: that of fewer bits if its values end exactly there."""
    high = float(values.max())
    try:
        scale = _own_scale(Values(0, high, values.dtype, 1), high, "a picture")
    except DatasetError:
        remedy = f"if {high:g}, the largest, is white, pass {option('pixel_range', (0, high))}"
        return replace(SIXTEEN_BITS, note=f"{SIXTEEN_BITS.note}; {remedy}")
    return scale if scale.note else replace(BYTES, note=f"took values of 16 bits up to {high:g} as grey levels")


def as_trained(array: npt.NDArray[Any], usual: tuple[float, float]) -> npt.NDArray[Any]:
    """Return the grey levels of an array whose values may be on the scale of the training data; other arrays unchanged."""
    low, high = usual
    ordinary = usual in (BYTES.range, UNIT.range) or array.dtype.kind not in "iuf" or not array.size
    if ordinary or (array.dtype == np.uint8 and high > BYTES.high) or not (low <= array.min() and array.max() <= high):
        return array
    if array.dtype.kind == "f" and array.max() <= 1 < high:
        return array
    return ValueRange(low, high).apply(array)


@dataclass(frozen=True)
class GivenRange:
    """Black and white in images, for values of any shape."""

    range: tuple[float, float]
    is_certain: bool = True
    """Whether other values are an error; otherwise it is the range of the training data, and they have one of their own."""

    def to_levels(self, values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        """Return grey levels, or ``values`` where the range is not theirs; PictureError where it has to be."""
        if not self.is_certain:
            return as_trained(values, self.range)
        low, high = (float(values.min()), float(values.max())) if values.size else self.range
        if not _within((low, high), ValueRange(*self.range)):
            raise PictureError(
                f"{name} has values from {low:g} to {high:g}, outside {option('pixel_range', self.range)}. Pass "
                "the range of all images."
            )
        return ValueRange(*self.range).apply(values)


def _own_scale(values: Values, high: float, name: str) -> ValueRange:
    low, dtype, is_many = values.low, values.dtype, values.count >= FEW_IMAGES
    if dtype.kind == "f":  # whatever scaled them may have rounded
        low, high = _rounded(low, (-1, 0)), _rounded(high, (1,))
    if dtype == np.bool_:
        return BITS
    if low < 0:
        if dtype.kind == "f" and low >= -1 and high <= 1:
            return SIGNED
        raise _unknown(name, low, high)
    if dtype.kind == "f" and 0 < high < QUARTER * TWICE.high:  # no grey level but black
        raise _unknown(name, low, high)
    if dtype.kind == "f" and high <= 1:
        return _of_shares(high) if is_many else UNIT
    if high <= 1:
        return BITS if high else BYTES
    if high in FEW_BITS and is_many:
        return ValueRange(0, high, f"stretched values from 0–{high:g} to 0–255")
    if high == PERCENT_WHITE and is_many and values.are_whole:
        return PERCENT
    if high <= BYTES.high and (dtype.kind != "f" or high > BRIGHT or (high > DARK and values.are_whole)):
        return ROUNDED if dtype.kind == "f" else BYTES
    bits = _bits(high)
    if bits is None and dtype.kind != "f" and QUARTER * SIXTEEN_BITS.high < high <= SIXTEEN_BITS.high:
        return SIXTEEN_BITS
    if bits is None:
        raise _unknown(name, low, high)
    return SIXTEEN_BITS if bits == 16 else ValueRange(0, max(2**bits - 1, high), f"stretched values of {bits} bits to 0–255")


def _rounded(value: float, ends: Sequence[float]) -> float:
    return next((end for end in ends if math.isclose(value, end, rel_tol=0, abs_tol=ROUNDING)), value)


def _of_shares(high: float) -> ValueRange:
    """Return the scale of floats from 0 to at most 1."""
    if QUARTER * TWICE.high <= high <= TWICE.high * (1 + ROUNDING):
        return ValueRange(0, max(high, TWICE.high), TWICE.note)
    level = round(255 * high)
    if level in FEW_BITS and math.isclose(255 * high, level, rel_tol=ROUNDING):
        return ValueRange(0, max(high, level / 255), f"stretched values from 0–{level}/255 to 0–255")
    return UNIT


def _bits(high: float) -> int | None:
    """Return the number of bits, 9 to 16, whose range ends at ``high``."""
    return next((bits for bits in range(9, 17) if NEARLY * (2**bits - 1) <= high <= min(2**bits, 65535)), None)


def _unknown(name: str, low: float, high: float) -> DatasetError:
    white = high if high <= BYTES.high or low < 0 or high >= 2**53 else 2 ** math.ceil(math.log2(high + 1)) - 1
    return DatasetError(
        f"images of {name} have values on no certain scale, such as 0..255, 0..1, -1..1 or 12 bits; got {low:g} to {high:g}. Pass "
        f"the values of black and white, such as {option('pixel_range', (min(low, 0), white))}."
    )


def _within(extent: tuple[float, float], scale: ValueRange) -> bool:
    slack = ROUNDING * (scale.high - scale.low)
    return scale.low - slack <= extent[0] and extent[1] <= scale.high + slack


def _is_smaller(part: Values, scale: ValueRange) -> bool:
    """Return whether a test split has another scale, although its values are within that of the training split."""
    if part.dtype.kind == "f" and 0 < part.high <= 1 < scale.high:
        return True
    return part.count >= FEW_IMAGES and part.high in (1, *FEW_BITS, 255) and 4 * part.high <= scale.high


def _measured(images: npt.NDArray[Any], name: str, enough: int) -> Values:
    """Return the smallest and the largest value; of bytes larger than ``enough``, their whole range."""
    dtype, are_bytes = images.dtype, images.dtype == np.uint8
    if are_bytes and images[: BLOCK * BLOCK : BLOCK].max() > enough:
        return Values(*BYTES.range, dtype, len(images))  # reading a memory-mapped file through for this would take too long
    low, high, are_whole = math.inf, -math.inf, True
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        if dtype.itemsize > 8:
            with np.errstate(over="ignore"):
                block = block.astype(np.float64)
        if dtype.kind == "f" and not np.isfinite(block).all():
            index = np.argwhere(~np.isfinite(block))[0]
            raise DatasetError(
                f"image {start + index[0]:,} of {name} has the value {block[tuple(index)]} at row {index[1]}, column {index[2]}. "
                "Correct or remove such images."
            )
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        are_whole = are_whole and (dtype.kind != "f" or bool((block == np.floor(block)).all()))
        if are_bytes and high > enough:
            return Values(*BYTES.range, dtype, len(images))
    return Values(low, high, dtype, len(images), are_whole)
