"""EXIF orientation: reading it and rotating images by it.

Pillow's own reader is not used, because it copies the data of every tag: in supported older releases a crafted block of a few
megabytes makes it allocate gigabytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

ORIENTATION = 0x0112
"""Tag number in EXIF and TIFF."""
MAX_TAGS = 1000
"""Tags that are searched; cameras write about twenty."""
UPRIGHT = 1


def orientation(exif: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) for a missing or invalid one.

    Only the first directory is searched and no other offset is followed, so that crafted blocks cost neither time nor memory.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order: Any = {b"II": "little", b"MM": "big"}.get(block[:2])
    if order is None or len(block) < 8:
        return UPRIGHT
    start = int.from_bytes(block[4:8], order)
    count = int.from_bytes(block[start : start + 2], order)
    for place in range(start + 2, start + 2 + 12 * min(count, MAX_TAGS), 12):
        entry = block[place : place + 12]
        if len(entry) < 12:
            break
        if int.from_bytes(entry[:2], order) == ORIENTATION:
            value = int.from_bytes(entry[8:10], order)
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def turn_upright(pixels: npt.NDArray[np.uint8], held: int) -> npt.NDArray[np.uint8]:
    """Rotate and mirror pixels (h, w, c) by the EXIF orientation ``held``, 1 to 8."""
    if held >= 5:  # rows and columns are swapped
        pixels = pixels.swapaxes(0, 1)
    if held in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if held in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
