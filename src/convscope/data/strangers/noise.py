"""Images of nothing at all."""

from __future__ import annotations

import numpy as np

from ...types import Images

SMOOTHNESS = 2.0
"""Of smooth noise, in pixels of 28."""


def uniform_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """(number, h, w, c): every value by itself, all grey levels alike."""
    return generator.integers(0, 256, (number, *shape), dtype=np.uint8)


def smooth_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """(number, h, w, c): noise under a Gaussian, stretched so that each image has its darkest value at 0 and its lightest at
    255."""
    from scipy import ndimage

    sigma = SMOOTHNESS * min(shape[:2]) / 28
    noise = ndimage.gaussian_filter(generator.normal(size=(number, *shape)), (0, sigma, sigma, 0), mode="wrap")
    low, high = (extreme(noise, axis=(1, 2, 3), keepdims=True) for extreme in (np.min, np.max))
    return np.asarray(np.rint((noise - low) / (high - low) * 255), np.uint8)
