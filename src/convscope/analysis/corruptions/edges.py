"""Nothing but outlines: J. Canny, "A computational approach to edge detection", 1986."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .blur import blurred
from .draws import Draws
from .sampling import read_between, unit

LOW, HIGH = 0.1, 0.2
"""Of Sobel's gradient: an edge is above the first all along, and above the second somewhere."""
LUMA = (0.299, 0.587, 0.114)
"""ITU-R 601, for three channels; of other numbers of channels the mean is taken."""


def canny_edges(images: Floats, drawing: tuple[float, float], draws: Draws, background: Background) -> Floats:
    """``drawing``: how much of what lies between the outlines is taken away, 0..1; and the blur before they are looked for,
    in pixels (of 28)."""
    faded, sigma = drawing
    channels = images.shape[3]
    weights = np.array(LUMA if channels == 3 else [1 / channels] * channels, np.float32)
    level = None if background.level is None else (round(float(weights @ np.array(background.level))),)
    edges = outlines((images @ weights)[..., None], sigma * unit(images), Background(level))
    between = images + np.float32(faded) * (np.float32(1 - background.ink) - images)
    return np.where(edges[..., None], np.float32(background.ink), between)


def outlines(grey: Floats, sigma: float, background: Background) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(n, h, w) bool: the outlines in ``grey`` (n, h, w, 1) after a blur of ``sigma`` pixels."""
    from scipy import ndimage

    smooth = blurred(grey, sigma, background)[..., 0]
    # Sobel's filters, spelled out: SciPy's own would smooth across the images too.
    down, across = (
        ndimage.correlate1d(ndimage.correlate1d(smooth, (-1, 0, 1), along, mode="nearest"), (1, 2, 1), other, mode="nearest")
        for along, other in ((1, 2), (2, 1))
    )
    steep = np.hypot(down, across)
    ridge = (steep > LOW) & _is_ridge(steep, down, across)
    # Pieces of outlines that hang together, corners included, within an image and never across two.
    within = np.zeros((3, 3, 3), np.int64)
    within[1] = 1
    pieces, number = ndimage.label(ridge, structure=within)
    strong = np.zeros(number + 1, np.bool_)
    strong[pieces[ridge & (steep > HIGH)]] = True
    strong[0] = False
    return np.asarray(strong[pieces])


def _is_ridge(steep: Floats, down: Floats, across: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where it is as steep as one step up and one step down the slope, and steeper than one of them."""
    length = np.maximum(steep, 1e-12)
    step_down, step_across = down / length, across / length
    row, column = np.arange(steep.shape[1])[:, None], np.arange(steep.shape[2])[None]
    ahead, behind = (
        read_between(steep[..., None], row + way * step_down, column + way * step_across, Background((0,)))[..., 0]
        for way in (1, -1)
    )
    slack = 1e-5  # float32 leaves two equal slopes that far apart
    return np.asarray(
        (steep >= ahead - slack) & (steep >= behind - slack) & ((steep > ahead + slack) | (steep > behind + slack))
    )
