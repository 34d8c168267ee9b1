"""Blurs: Gaussian, frosted glass and motion."""

import numpy as np

from ....types import Floats
from ..background import Background
from .geometric import read_between, unit
from .random_numbers import CounterRNG

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


def glass_blur(images: Floats, glass: tuple[float, float, int], draws: CounterRNG, background: Background) -> Floats:
    """Blur, move half of the pixels at random, repeatedly, and blur again.

    ``glass`` holds sigma of the blur and largest move, both in pixels (of 28), and the number of moves.
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


def motion_blur(images: Floats, smear: float, draws: CounterRNG, background: Background) -> Floats:
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


LOW, HIGH = 0.1, 0.2
"""Hysteresis thresholds of the Sobel gradient."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue by ITU-R BT.601; images with other channels are averaged."""


def canny_edges(images: Floats, drawing: tuple[float, float], draws: CounterRNG, background: Background) -> Floats:
    """Draw the edges and fade everything else.

    ``drawing`` holds the fading of the other pixels, 0..1, and sigma of the blur before edge detection, in pixels (of 28).
    """
    faded, sigma = drawing
    channels = images.shape[3]
    weights = np.array(LUMA if channels == 3 else [1 / channels] * channels, np.float32)
    level = None if background.level is None else (round(float(weights @ np.array(background.level))),)
    edges = outlines((images @ weights)[..., None], sigma * unit(images), Background(level))
    between = images + np.float32(faded) * (np.float32(1 - background.ink) - images)
    return np.where(edges[..., None], np.float32(background.ink), between)


def outlines(grey: Floats, sigma: float, background: Background) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return the edges (n, h, w) in ``grey`` (n, h, w, 1) after a blur of ``sigma``."""
    from scipy import ndimage

    smooth = blurred(grey, sigma, background)[..., 0]
    # ndimage.sobel would smooth along the axis of the images too.
    down, across = (
        ndimage.correlate1d(ndimage.correlate1d(smooth, (-1, 0, 1), along, mode="nearest"), (1, 2, 1), other, mode="nearest")
        for along, other in ((1, 2), (2, 1))
    )
    steep = np.hypot(down, across)
    ridge = (steep > LOW) & _is_ridge(steep, down, across)
    # Components are 8-connected within an image and never span two images.
    within = np.zeros((3, 3, 3), np.int64)
    within[1] = 1
    pieces, number = ndimage.label(ridge, structure=within)
    strong = np.zeros(number + 1, np.bool_)
    strong[pieces[ridge & (steep > HIGH)]] = True
    strong[0] = False
    return np.asarray(strong[pieces])


def _is_ridge(steep: Floats, down: Floats, across: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return where the gradient is a local maximum along its direction."""
    length = np.maximum(steep, 1e-12)
    step_down, step_across = down / length, across / length
    row, column = np.arange(steep.shape[1])[:, None], np.arange(steep.shape[2])[None]
    ahead, behind = (
        read_between(steep[..., None], row + way * step_down, column + way * step_across, Background((0,)))[..., 0]
        for way in (1, -1)
    )
    slack = 1e-5  # equal slopes differ by up to that much in float32
    return np.asarray(
        (steep >= ahead - slack) & (steep >= behind - slack) & ((steep > ahead + slack) | (steep > behind + slack))
    )
