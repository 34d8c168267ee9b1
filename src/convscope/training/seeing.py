"""Leaving out the pixels that cannot matter.

With 28 × 28 input the second pooling of ``cnn`` drops the last row and column of its maps, and so the last two of the
image never reach the output: 14.7% of the multiply-adds. The same weights on 26 × 26 pixels compute the same function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models.architectures import MODELS, Build
from ..models.network import from_keras
from ..models.receptive_field import unused_input_pixels

if TYPE_CHECKING:
    import keras


def seeing_side(build: Build, model: keras.Model) -> tuple[int, int]:
    """(h, w) of what is left without the blind rows and columns at the bottom and on the right.

    The whole side where there are none, where the network would get other weights, or where it is not convscope's own,
    since what a user's function does with another shape is not known.
    """
    _, height, width, channels = model.input_shape
    if build not in MODELS.values():
        return height, width
    rows, columns = unused_input_pixels(from_keras(model))
    side = _without_last(height, rows), _without_last(width, columns)
    if side == (height, width):
        return side
    smaller = build((*side, channels), model.output_shape[-1])
    same = [weight.shape for weight in smaller.weights] == [weight.shape for weight in model.weights]
    return side if same else (height, width)


def _without_last(size: int, blind: list[int]) -> int:
    """``size`` less the blind lines at its end."""
    while size - 1 in blind:
        size -= 1
    return size
