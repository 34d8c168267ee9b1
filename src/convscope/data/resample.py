"""A grey picture fitted into a box, in whole numbers only: shared, digit for digit, with ``page/web/js/image/resample.js``.

The picture keeps its aspect ratio: its longer side (measured against the box) fills the box, and the other lies in the
middle. All weights are integers over one common denominator, and all sums stay below 2⁵³, so that float64 holds them
exactly, in any order of addition, here as in a browser.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(h, w) uint8."""
Weights = npt.NDArray[np.float64]
"""(outputs, inputs) float64 that hold integers."""


@dataclass(frozen=True)
class Scale:
    """``box`` pixels of the box for every ``length`` pixels of the picture: a fraction of integers."""

    box: int
    length: int

    @property
    def factor(self) -> float:
        return self.box / self.length


def fitting_scale(picture: tuple[int, int], box: tuple[int, int]) -> Scale:
    """The largest scale at which a picture of (height, width) fits into a box of (height, width)."""
    (height, width), (box_height, box_width) = picture, box
    if height * box_width >= width * box_height:
        return Scale(box_height, height)
    return Scale(box_width, width)


def fit_into(picture: Picture, box: tuple[int, int]) -> Picture:
    """(h, w) uint8 → ``box`` uint8: the mean of the area that each pixel covers where the picture shrinks, bilinear where
    it grows. Beyond the picture is 0. Halves are rounded up."""
    scale = fitting_scale(picture.shape, box)
    rows, denominator = axis_weights(picture.shape[0], box[0], scale)
    columns, _ = axis_weights(picture.shape[1], box[1], scale)
    sums = (rows @ picture.astype(np.float64) @ columns.T).astype(np.int64)
    area = denominator * denominator
    return ((2 * sums + area) // (2 * area)).astype(np.uint8)


def axis_weights(inputs: int, outputs: int, scale: Scale) -> tuple[Weights, int]:
    """How much each of ``inputs`` pixels gives to each of ``outputs``, and what these weights are to be divided by."""
    box, length = scale.box, scale.length
    output, place = np.arange(outputs)[:, None], np.arange(inputs)[None]
    # In units in which an input pixel is 2·box long and an output pixel 2·length.
    margin = _margin(inputs, outputs, scale)
    if length >= box:
        first = np.maximum(2 * length * output, 2 * box * place + margin)
        last = np.minimum(2 * length * (output + 1), 2 * box * (place + 1) + margin)
        return np.maximum(last - first, 0).astype(np.float64), 2 * length
    distance = np.abs((2 * output + 1) * length - (2 * place + 1) * box - margin)
    return np.maximum(2 * box - distance, 0).astype(np.float64), 2 * box


def _margin(inputs: int, outputs: int, scale: Scale) -> int:
    """What lies before the picture: half of what is left over. A picture that covers whole pixels keeps to the grid, so that
    scale 1 changes nothing, and an enlargement with hard pixels is taken back exactly."""
    left_over = outputs * scale.length - inputs * scale.box
    if inputs * scale.box % scale.length:
        return left_over
    return left_over // (2 * scale.length) * 2 * scale.length
