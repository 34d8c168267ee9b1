"""Colour to grey, and what is transparent laid on white: shared, digit for digit, with ``page/web/js/image/grey.js``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ShapeError
from .resample import Picture


def to_grey(picture: Picture) -> Picture:
    """(h, w, 3) or (h, w, 4) uint8 → (h, w) uint8: ITU-R 601 luma with Pillow's integers; what is transparent is white."""
    if picture.ndim != 3 or picture.dtype != np.uint8 or picture.shape[2] not in (3, 4):
        raise ShapeError(
            f"The picture has shape {picture.shape} and dtype {picture.dtype}; (height, width, 3 or 4) and uint8 were expected."
        )
    colours = picture.astype(np.int64)
    if picture.shape[2] == 4:
        opacity = colours[..., 3:]
        colours = (colours * opacity + 255 * (255 - opacity) + 127) // 255
    luma: Picture = ((colours[..., :3] @ np.array([19595, 38470, 7471]) + 0x8000) >> 16).astype(np.uint8)
    return luma


def on_white(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(…, 4) → (…, 3): :func:`to_grey`'s integers, none of which is over 16 bits."""
    opacity = pixels[..., 3:].astype(np.uint16)
    colours = pixels[..., :3].astype(np.uint16)
    return ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
