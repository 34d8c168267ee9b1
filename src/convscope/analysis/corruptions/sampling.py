"""Bilinear interpolation, and the scale of lengths."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats

REFERENCE_SIDE = 28
"""Side of the images that lengths in pixels refer to."""


def unit(images: Floats) -> float:
    """Return the pixels of ``images`` (n, h, w, c) per pixel of a 28 × 28 image."""
    height, width = images.shape[1:3]
    return float(min(height, width) / REFERENCE_SIDE)


def read_between(images: Floats, rows: Floats, columns: Floats, background: Background) -> Floats:
    """Interpolate images linearly, with the background beyond their edges.

    Args:
        images: (n, h, w, c) float32.
        rows: (n, h', w') row of each pixel of the result.
        columns: (n, h', w') column of each pixel of the result.
        background: What lies beyond the edges.

    Returns:
        (n, h', w', c) float32.
    """
    padded = background.padded(images, 1)
    height, width = images.shape[1:3]
    rows = np.clip(rows, -1, height).astype(np.float32) + 1
    columns = np.clip(columns, -1, width).astype(np.float32) + 1
    top = np.minimum(rows.astype(np.int64), height)
    left = np.minimum(columns.astype(np.int64), width)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    # One flat index takes a third of the time of three.
    stride = width + 2
    flat = padded.reshape(-1, images.shape[3])
    first = (np.arange(len(images)) * (height + 2) * stride)[:, None, None] + top * stride + left
    above = flat[first] * (1 - across) + flat[first + 1] * across
    below = flat[first + stride] * (1 - across) + flat[first + stride + 1] * across
    return np.asarray(above * (1 - down) + below * down)
