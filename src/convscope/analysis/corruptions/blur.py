"""Blurs: Gaussian, frosted glass and motion."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws
from .sampling import unit

MAX_ANGLE = np.pi / 4
"""Largest angle of motion from the horizontal."""
TAIL = 3.0
"""Standard deviations after which kernels are cut off."""


def blurred(images: Floats, sigma: float, background: Background) -> Floats:
    """Return ``images`` (n, h, w, c) after a Gaussian blur of ``sigma`` pixels."""
    from scipy import ndimage

    margin = int(np.ceil(TAIL * sigma))
    spread = ndimage.gaussian_filter(background.padded(images, margin), (0, sigma, sigma, 0), mode="nearest", truncate=TAIL)
    return np.asarray(spread[:, margin : margin + images.shape[1], margin : margin + images.shape[2]])


def glass_blur(images: Floats, glass: tuple[float, float, int], draws: Draws, background: Background) -> Floats:
    """Blur, move half of the pixels at random, repeatedly, and blur again.

    Args:
        images: (n, h, w, c) float32 in 0..1.
        glass: Sigma of the blur and largest move, both in pixels (of 28), and the number of moves.
        draws: Random numbers of the images.
        background: What lies beyond the edges.
    """
    # MNIST-C has a sigma of 0.7, but its images lack a channel axis, so it blurs along rows only; 0.5 both ways is equivalent.
    sigma, reach, times = glass[0] * unit(images), max(1, round(glass[1] * unit(images))), glass[2]
    number, height, width, _ = images.shape
    images = blurred(images, sigma, background)
    index = np.arange(number)[:, None, None]
    row, column = np.arange(height)[:, None], np.arange(width)[None]
    for _ in range(times):
        moved = draws.uniform(height, width) < 0.5
        down, across = ((draws.uniform(height, width) * (2 * reach + 1)).astype(np.int64) - reach for _ in range(2))
        images = images[
            index,
            np.clip(row + np.where(moved, down, 0), 0, height - 1),
            np.clip(column + np.where(moved, across, 0), 0, width - 1),
        ]
    return blurred(images, sigma, background)


def motion_blur(images: Floats, smear: float, draws: Draws, background: Background) -> Floats:
    """Blur along a line by half a Gaussian of ``smear`` pixels (of 28)."""
    from scipy import fft

    sigma = smear * unit(images)
    reach = int(np.ceil(TAIL * sigma))
    angles = (2 * draws.uniform() - 1) * MAX_ANGLE
    padded = background.padded(images, reach)
    sides = padded.shape[1:3]
    # Each image has its own kernel; in the frequency domain one product applies them all.
    lens = fft.rfft2(_motion_kernels(angles, sigma, reach, sides), axes=(1, 2))[..., None]
    smeared = fft.irfft2(fft.rfft2(padded, axes=(1, 2)) * lens, s=sides, axes=(1, 2))
    inside = smeared[:, reach : reach + images.shape[1], reach : reach + images.shape[2]]
    return np.asarray(np.clip(inside, 0, 1), np.float32)


def _motion_kernels(angles: Floats, sigma: float, reach: int, sides: tuple[int, ...]) -> Floats:
    """Return a kernel per angle, (n, h, w) float32, from (0, 0) and wrapped around."""
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
