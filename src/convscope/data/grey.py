"""Conversion to grey and compositing on white, identical to ``image/grey.js``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ShapeError
from .resample import Picture


def to_grey(picture: Picture) -> Picture:
    """Convert (h, w, 3 or 4) uint8 to grey (h, w) uint8: ITU-R 601 luma, on white.

    The integer coefficients are Pillow's.

    Raises:
        ShapeError: ``picture`` has another shape or dtype.
    """
    if picture.ndim != 3 or picture.dtype != np.uint8 or picture.shape[2] not in (3, 4):
        raise ShapeError(f"a colour image must be (height, width, 3 or 4) uint8; got {picture.shape} {picture.dtype}.")
    colours = picture.astype(np.int64)
    if picture.shape[2] == 4:
        opacity = colours[..., 3:]
        colours = (colours * opacity + 255 * (255 - opacity) + 127) // 255
    luma: Picture = ((colours[..., :3] @ np.array([19595, 38470, 7471]) + 0x8000) >> 16).astype(np.uint8)
    return luma


def on_white(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Composite RGBA (…, 4) uint8 on white, (…, 3), as :func:`to_grey` does."""
    # All intermediate values fit into 16 bits, which halves the memory of int32.
    opacity = pixels[..., 3:].astype(np.uint16)
    colours = pixels[..., :3].astype(np.uint16)
    return ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
