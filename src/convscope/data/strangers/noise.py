"""Noise as out-of-distribution images."""

from __future__ import annotations

import numpy as np

from ...types import Images

SMOOTHNESS = 2.0
"""Standard deviation of the blur of smooth noise, in pixels of 28."""


def uniform_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """Return (number, h, w, c): independent values, uniform over the grey levels."""
    return generator.integers(0, 256, (number, *shape), dtype=np.uint8)


def smooth_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """Return (number, h, w, c): noise blurred by a Gaussian, each image stretched to 0..255."""
    from scipy import ndimage

    sigma = SMOOTHNESS * min(shape[:2]) / 28
    noise = ndimage.gaussian_filter(generator.normal(size=(number, *shape)), (0, sigma, sigma, 0), mode="wrap")
    low, high = (extreme(noise, axis=(1, 2, 3), keepdims=True) for extreme in (np.min, np.max))
    return np.asarray(np.rint((noise - low) / (high - low) * 255), np.uint8)
