"""Reading images between their pixels."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats

REFERENCE_SIDE = 28
"""MNIST's: what is given in pixels is meant for images of this side, and grows with them."""


def unit(images: Floats) -> float:
    """How many pixels of ``images`` (n, h, w, c) are as much as one of MNIST's."""
    height, width = images.shape[1:3]
    return float(min(height, width) / REFERENCE_SIDE)


def read_between(images: Floats, rows: Floats, columns: Floats, background: Background) -> Floats:
    """``images`` (n, h, w, c) at the places ``rows`` and ``columns`` (n, h', w'): (n, h', w', c), linear between pixels, and
    beyond the edge the background."""
    padded = background.padded(images, 1)
    height, width = images.shape[1:3]
    rows = np.clip(rows, -1, height).astype(np.float32) + 1
    columns = np.clip(columns, -1, width).astype(np.float32) + 1
    top = np.minimum(rows.astype(np.int64), height)
    left = np.minimum(columns.astype(np.int64), width)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    # One flat index instead of three: a third of the time.
    stride = width + 2
    flat = padded.reshape(-1, images.shape[3])
    first = (np.arange(len(images)) * (height + 2) * stride)[:, None, None] + top * stride + left
    above = flat[first] * (1 - across) + flat[first + 1] * across
    below = flat[first + stride] * (1 - across) + flat[first + stride + 1] * across
    return np.asarray(above * (1 - down) + below * down)
