"""Occlusions: spatter, dotted lines and zigzags."""

import numpy as np

from ....types import Floats
from ..background import Background
from .filters import blurred
from .geometric import unit
from .random_numbers import CounterRNG

MUD = 63 / 255
"""Grey level of the drops, 0..1."""

# All lengths are in pixels of 28 × 28 images and scale with the image.
HALF_WIDTH = 1.6
"""Distance from the centre of a line to where it has faded."""
TOOTH_HEIGHT, TOOTH_LENGTH = 2.0, 8.0
"""Amplitude and period of a zigzag."""
DASH = 2.0
"""Length of the dashes of a dotted line, and of the gaps."""
MARGIN = 2.0
"""Margin of a zigzag at the left and at the right."""
MAX_RISE = 5.0
"""Largest vertical distance between the ends of a zigzag."""


def spatter(images: Floats, drops: tuple[float, float, float], draws: CounterRNG, background: Background) -> Floats:
    """Add grey drops where smooth noise exceeds a threshold.

    ``drops`` holds the size of the drops and the softness of their edges, both in pixels (of 28), and the threshold in
    standard deviations.
    """
    size, softness, level = drops[0] * unit(images), drops[1] * unit(images), drops[2]
    repeated_edge = Background(None)
    noise = blurred(draws.normal(*images.shape[1:3])[..., None], size, repeated_edge)
    deviation = _deviation_after_blur(size)
    wet = blurred((noise > level * deviation).astype(np.float32), softness, repeated_edge)
    wet[wet < 0.8] = 0
    return np.asarray(images * (1 - wet) + np.float32(MUD) * wet)


def _deviation_after_blur(sigma: float) -> float:
    """Return the standard deviation of blurred white noise with unit variance."""
    reach = np.arange(-int(np.ceil(3 * sigma)), int(np.ceil(3 * sigma)) + 1)
    weights = np.exp(-(reach**2) / (2 * sigma**2))
    return float(((weights / weights.sum()) ** 2).sum())


def dotted_line(images: Floats, lines: tuple[int, float], draws: CounterRNG, background: Background) -> Floats:
    """Draw dotted lines from the left edge to the right; ``lines`` holds their number and their opacity, 0..1."""
    height, width = images.shape[1:3]
    dash = max(1, round(DASH * unit(images)))
    drawn = np.arange(width) // dash % 2 == 1
    ink = np.zeros((len(images), height, width), np.float32)
    for _ in range(lines[0]):
        left, right = (draws.uniform(2) * (height - 1)).T[..., None]
        middle = left + (right - left) * np.arange(width) / max(width - 1, 1)
        ink = np.maximum(ink, _stroke(middle, height, unit(images)) * drawn)
    return _painted(images, lines[1] * ink, background)


def zigzag(images: Floats, lines: tuple[int, float], draws: CounterRNG, background: Background) -> Floats:
    """Draw zigzags with a slight slope; arguments as for :func:`dotted_line`."""
    height, width = images.shape[1:3]
    size = unit(images)
    column = np.arange(width)
    phase = (column - MARGIN * size) / (TOOTH_LENGTH * size)
    teeth = TOOTH_HEIGHT * size * (4 * np.abs(np.mod(phase - 0.25, 1) - 0.5) - 1)
    drawn = (column >= MARGIN * size) & (column <= width - 1 - MARGIN * size)
    ink = np.zeros((len(images), height, width), np.float32)
    for _ in range(lines[0]):
        start = draws.uniform(1) * (height - 1)
        rise = (2 * draws.uniform(1) - 1) * MAX_RISE * size
        middle = start + rise * (column - MARGIN * size) / max(width - 1 - 2 * MARGIN * size, 1) + teeth
        ink = np.maximum(ink, _stroke(middle, height, size) * drawn)
    return _painted(images, lines[1] * ink, background)


def _stroke(middle: Floats, height: int, size: float) -> Floats:
    """Return the ink (n, h, w), 0..1, of lines centred at row ``middle`` (n, w), at least one pixel wide."""
    distance = np.abs(np.arange(height)[:, None] - middle[:, None, :])
    return np.clip(1 - distance / max(HALF_WIDTH * size, 1.0), 0, 1).astype(np.float32)


def _painted(images: Floats, ink: Floats, background: Background) -> Floats:
    return np.asarray(images + ink[..., None].astype(np.float32) * (np.float32(background.ink) - images))
