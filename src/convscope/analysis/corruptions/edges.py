"""Canny edges: J. Canny, "A computational approach to edge detection", IEEE TPAMI 8, 1986."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .blur import blurred
from .draws import Draws
from .sampling import read_between, unit

LOW, HIGH = 0.1, 0.2
"""Hysteresis thresholds of the Sobel gradient."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue by ITU-R BT.601; images with other channels are averaged."""


def canny_edges(images: Floats, drawing: tuple[float, float], draws: Draws, background: Background) -> Floats:
    """Draw the edges and fade everything else.

    Args:
        images: (n, h, w, c) float32 in 0..1.
        drawing: Fading of the other pixels, 0..1, and sigma of the blur before edge detection, in pixels (of 28).
        draws: Not used.
        background: Decides between dark and light edges.
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
