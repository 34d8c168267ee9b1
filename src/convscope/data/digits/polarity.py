"""Polarity of grey images: light on dark like a blackboard, or dark on light like paper."""

import numpy as np
import numpy.typing as npt

from ...types import Images

LIGHT, DARK = "light on dark", "dark on light"
NEARLY_ALL = 0.95
"""Share of images that must agree."""


def is_dark_on_light(images: Images) -> npt.NDArray[np.bool_]:
    """Return (n,) whether images (n, h, w, 1) have a bright border."""
    grey = images[..., 0]
    ring = np.ones(grey.shape[1:], dtype=bool)
    ring[1:-1, 1:-1] = False
    border = grey[:, ring]
    middle = (border.shape[1] - 1) // 2
    median = np.partition(border, middle, axis=1)[:, middle]
    darkest, brightest = (extreme(grey, axis=(1, 2)).astype(np.int64) for extreme in (np.min, np.max))
    return np.asarray(2 * median.astype(np.int64) > darkest + brightest)


def polarity_of(images: Images) -> str | None:
    """Return the polarity of grey images (n, h, w, 1) if nearly all agree, else None."""
    if images.shape[3] != 1 or not len(images):
        return None
    share = float(is_dark_on_light(images).mean())
    return DARK if share >= NEARLY_ALL else LIGHT if share <= 1 - NEARLY_ALL else None
