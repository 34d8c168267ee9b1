"""Seen through frosted glass, and taken with a camera that moved."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws
from .sampling import unit

WIDEST_ANGLE = np.pi / 4
"""Of a movement from the horizontal."""
TAIL = 3.0
"""Standard deviations after which a smear has faded."""


def blurred(images: Floats, sigma: float, background: Background) -> Floats:
    """``images`` (n, h, w, c) under a Gaussian of ``sigma`` pixels."""
    from scipy import ndimage

    margin = int(np.ceil(TAIL * sigma))
    spread = ndimage.gaussian_filter(background.padded(images, margin), (0, sigma, sigma, 0), mode="nearest", truncate=TAIL)
    return np.asarray(spread[:, margin : margin + images.shape[1], margin : margin + images.shape[2]])


def glass_blur(images: Floats, glass: tuple[float, float, int], draws: Draws, background: Background) -> Floats:
    """``glass``: a blur of so many pixels (of 28), before and after; how far pixels stray; and how many times half do.

    MNIST-C blurs by 0.7, but of its images without a channel axis the rows only; 0.5 in both directions is as much.
    """
    sigma, reach, times = glass[0] * unit(images), max(1, round(glass[1] * unit(images))), glass[2]
    number, height, width, _ = images.shape
    images = blurred(images, sigma, background)
    index = np.arange(number)[:, None, None]
    row, column = np.arange(height)[:, None], np.arange(width)[None]
    for _ in range(times):
        strays = draws.uniform(height, width) < 0.5
        down, across = ((draws.uniform(height, width) * (2 * reach + 1)).astype(np.int64) - reach for _ in range(2))
        images = images[
            index,
            np.clip(row + np.where(strays, down, 0), 0, height - 1),
            np.clip(column + np.where(strays, across, 0), 0, width - 1),
        ]
    return blurred(images, sigma, background)


def motion_blur(images: Floats, smear: float, draws: Draws, background: Background) -> Floats:
    """Smeared one way along a line at up to 45° from the horizontal, fading as half a Gaussian of ``smear`` pixels (of 28)."""
    from scipy import fft

    sigma = smear * unit(images)
    reach = int(np.ceil(TAIL * sigma))
    angles = (2 * draws.uniform() - 1) * WIDEST_ANGLE
    padded = background.padded(images, reach)
    sides = padded.shape[1:3]
    # Each image has a kernel of its own; in frequencies they are all applied in one product.
    lens = fft.rfft2(_smears(angles, sigma, reach, sides), axes=(1, 2))[..., None]
    smeared = fft.irfft2(fft.rfft2(padded, axes=(1, 2)) * lens, s=sides, axes=(1, 2))
    inside = smeared[:, reach : reach + images.shape[1], reach : reach + images.shape[2]]
    return np.asarray(np.clip(inside, 0, 1), np.float32)


def _smears(angles: Floats, sigma: float, reach: int, sides: tuple[int, ...]) -> Floats:
    """(n, h, w) float32: a kernel per angle, which begins at (0, 0) and wraps round the edges."""
    steps = np.arange(reach + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    down, across = np.sin(angles)[:, None] * steps, np.cos(angles)[:, None] * steps
    top, left = np.floor(down).astype(np.int64), np.floor(across).astype(np.int64)
    kernels = np.zeros((len(angles), *sides), np.float32)
    index = np.arange(len(angles))[:, None]
    for row in (0, 1):
        for column in (0, 1):
            share = np.abs(1 - row - (down - top)) * np.abs(1 - column - (across - left))
            np.add.at(kernels, (index, (top + row) % sides[0], (left + column) % sides[1]), weights * share)
    return kernels
