"""Something in front of the image: drops of mud, a dotted line, a zigzag."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .blur import blurred
from .draws import Draws
from .sampling import unit

MUD = 63 / 255
"""Grey of the drops."""
HALF_WIDTH = 1.6
"""Pixels (of 28) from the middle of a line to where it has faded."""
TOOTH_HEIGHT, TOOTH_LENGTH = 2.0, 8.0
"""Of the zigzag, in pixels (of 28)."""
DASH = 2.0
"""Of the dotted line, and the gap after it, in pixels (of 28)."""
MARGIN = 2.0
"""What a zigzag leaves free at the left and at the right, in pixels (of 28)."""
STEEPEST = 5.0
"""How far the end of a zigzag may be above or below its beginning, in pixels (of 28)."""


def spatter(images: Floats, drops: tuple[float, float, float], draws: Draws, background: Background) -> Floats:
    """``drops``: the size of drops and the softness of their edges, in pixels (of 28); and how many standard deviations
    above its mean a smooth noise must be to be a drop."""
    size, softness, level = drops[0] * unit(images), drops[1] * unit(images), drops[2]
    nowhere = Background(None)
    noise = blurred(draws.normal(*images.shape[1:3])[..., None], size, nowhere)
    spread = _deviation_after_blur(size)
    wet = blurred((noise > level * spread).astype(np.float32), softness, nowhere)
    wet[wet < 0.8] = 0
    return np.asarray(images * (1 - wet) + np.float32(MUD) * wet)


def _deviation_after_blur(sigma: float) -> float:
    """Of white noise of deviation 1, from the weights of the Gaussian in one direction."""
    reach = np.arange(-int(np.ceil(3 * sigma)), int(np.ceil(3 * sigma)) + 1)
    weights = np.exp(-(reach**2) / (2 * sigma**2))
    return float(((weights / weights.sum()) ** 2).sum())


def dotted_line(images: Floats, lines: tuple[int, float], draws: Draws, background: Background) -> Floats:
    """``lines``: how many from the left edge to the right, at random heights; and how well each covers, 0..1."""
    height, width = images.shape[1:3]
    dash = max(1, round(DASH * unit(images)))
    drawn = np.arange(width) // dash % 2 == 1
    ink = np.zeros((len(images), height, width), np.float32)
    for _ in range(lines[0]):
        left, right = (draws.uniform(2) * (height - 1)).T[..., None]
        middle = left + (right - left) * np.arange(width) / max(width - 1, 1)
        ink = np.maximum(ink, _stroke(middle, height, unit(images)) * drawn)
    return _painted(images, lines[1] * ink, background)


def zigzag(images: Floats, lines: tuple[int, float], draws: Draws, background: Background) -> Floats:
    """``lines``: how many, of a slight slope; and how well each covers, 0..1."""
    height, width = images.shape[1:3]
    size = unit(images)
    column = np.arange(width)
    phase = (column - MARGIN * size) / (TOOTH_LENGTH * size)
    teeth = TOOTH_HEIGHT * size * (4 * np.abs(np.mod(phase - 0.25, 1) - 0.5) - 1)
    drawn = (column >= MARGIN * size) & (column <= width - 1 - MARGIN * size)
    ink = np.zeros((len(images), height, width), np.float32)
    for _ in range(lines[0]):
        start = draws.uniform(1) * (height - 1)
        rise = (2 * draws.uniform(1) - 1) * STEEPEST * size
        middle = start + rise * (column - MARGIN * size) / max(width - 1 - 2 * MARGIN * size, 1) + teeth
        ink = np.maximum(ink, _stroke(middle, height, size) * drawn)
    return _painted(images, lines[1] * ink, background)


def _stroke(middle: Floats, height: int, size: float) -> Floats:
    """(n, h, w) in 0..1: how much ink is in each pixel of a line whose height in each column is ``middle`` (n, w).

    A line thinner than a pixel is drawn as one pixel.
    """
    distance = np.abs(np.arange(height)[:, None] - middle[:, None, :])
    return np.clip(1 - distance / max(HALF_WIDTH * size, 1.0), 0, 1).astype(np.float32)


def _painted(images: Floats, ink: Floats, background: Background) -> Floats:
    return np.asarray(images + ink[..., None].astype(np.float32) * (np.float32(background.ink) - images))
