"""Scaling of a grey image into a box in integer arithmetic.

The image keeps its aspect ratio: one side fills the box, and the other is centred. All weights are integers over a common
denominator, and all sums stay below 2⁵³. So float64 holds them exactly in any order of addition, and
``page/js/image/preprocess/resample.js`` gives identical results.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import ShapeError

GreyImage = npt.NDArray[np.uint8]
"""(h, w) uint8."""
Weights = npt.NDArray[np.float64]
"""(outputs, inputs) float64 that hold integers."""


@dataclass(frozen=True)
class ResampleRatio:
    """A ratio of integers: ``box`` pixels of the box per ``length`` pixels of the image."""

    box: int
    length: int


def largest_scale(image: tuple[int, int], box: tuple[int, int]) -> ResampleRatio:
    """Return the largest scale at which an image fits into a box, both (height, width)."""
    (height, width), (box_height, box_width) = image, box
    if height * box_width >= width * box_height:
        return ResampleRatio(box_height, height)
    return ResampleRatio(box_width, width)


def fit_into(image: GreyImage, box: tuple[int, int]) -> GreyImage:
    """Scale an image (h, w) uint8 into ``box`` (height, width).

    Area means when shrinking, bilinear when growing; halves are rounded up, and the rest of the box is 0.
    """
    scale = largest_scale(image.shape, box)
    rows, denominator = axis_weights(image.shape[0], box[0], scale)
    columns, _ = axis_weights(image.shape[1], box[1], scale)
    sums = (rows @ image.astype(np.float64) @ columns.T).astype(np.int64)
    area = denominator * denominator
    return ((2 * sums + area) // (2 * area)).astype(np.uint8)


def axis_weights(inputs: int, outputs: int, scale: ResampleRatio) -> tuple[Weights, int]:
    """Return integer weights (outputs, inputs) along one axis and their denominator."""
    box, length = scale.box, scale.length
    output, source = np.arange(outputs)[:, None], np.arange(inputs)[None]
    # In these units an input pixel is 2·box long and an output pixel 2·length.
    margin = _margin(inputs, outputs, scale)
    if length >= box:
        first = np.maximum(2 * length * output, 2 * box * source + margin)
        last = np.minimum(2 * length * (output + 1), 2 * box * (source + 1) + margin)
        return np.maximum(last - first, 0).astype(np.float64), 2 * length
    distance = np.abs((2 * output + 1) * length - (2 * source + 1) * box - margin)
    return np.maximum(2 * box - distance, 0).astype(np.float64), 2 * box


def _margin(inputs: int, outputs: int, scale: ResampleRatio) -> int:
    """Return the empty length before the image: half of what the box leaves."""
    # An image that covers whole pixels keeps to the grid: scale 1 changes nothing, and pixel doubling can be undone exactly.
    left_over = outputs * scale.length - inputs * scale.box
    if inputs * scale.box % scale.length:
        return left_over
    return left_over // (2 * scale.length) * 2 * scale.length


def to_grey(image: GreyImage) -> GreyImage:
    """Convert (h, w, 3 or 4) uint8 to grey (h, w) uint8: ITU-R 601 luma, on white.

    The integer coefficients are Pillow's.
    """
    if image.ndim != 3 or image.dtype != np.uint8 or image.shape[2] not in (3, 4):
        raise ShapeError(f"a colour image must be (height, width, 3 or 4) uint8; got {image.shape} {image.dtype}.")
    colours = image.astype(np.int64)
    if image.shape[2] == 4:
        opacity = colours[..., 3:]
        colours = (colours * opacity + 255 * (255 - opacity) + 127) // 255
    luma: GreyImage = ((colours[..., :3] @ np.array([19595, 38470, 7471]) + 0x8000) >> 16).astype(np.uint8)
    return luma


def composite_on_white(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Composite RGBA (…, 4) uint8 on white, (…, 3), as :func:`to_grey` does."""
    # All intermediate values fit into 16 bits, which halves the memory of int32.
    opacity = pixels[..., 3:].astype(np.uint16)
    colours = pixels[..., :3].astype(np.uint16)
    return ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
