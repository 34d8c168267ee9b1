"""Cameras store what their sensor saw and note how it was held: the picture turned upright, by that note."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

ORIENTATION = 0x0112
"""The number of the tag, in EXIF as in TIFF."""
MOST_TAGS = 1000
"""More are not looked through; a camera writes some twenty."""
UPRIGHT = 1


def orientation(exif: bytes) -> int:
    """1 to 8, as EXIF numbers them; 1, which is upright, for whatever cannot be understood.

    Reads one tag of the first directory and follows no offset but the one to it, so that no block, however it lies, takes
    time or memory.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order: Any = {b"II": "little", b"MM": "big"}.get(block[:2])
    if order is None or len(block) < 8:
        return UPRIGHT
    start = int.from_bytes(block[4:8], order)
    count = int.from_bytes(block[start : start + 2], order)
    for place in range(start + 2, start + 2 + 12 * min(count, MOST_TAGS), 12):
        entry = block[place : place + 12]
        if len(entry) < 12:
            break
        if int.from_bytes(entry[:2], order) == ORIENTATION:
            value = int.from_bytes(entry[8:10], order)
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def turn_upright(pixels: npt.NDArray[np.uint8], held: int) -> npt.NDArray[np.uint8]:
    """(h, w, c) uint8, as it was meant to be seen; ``held``: the EXIF orientation, 1 to 8."""
    if held >= 5:  # stored on its side: rows are columns
        pixels = pixels.swapaxes(0, 1)
    if held in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if held in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
