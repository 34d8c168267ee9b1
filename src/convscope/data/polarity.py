"""Whether grey images are light on dark, as a blackboard, or dark on light, as paper."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Images

LIGHT, DARK = "light on dark", "dark on light"
NEARLY_ALL = 0.95


def is_bright_around(images: Images) -> npt.NDArray[np.bool_]:
    """(n,) whether an image (n, h, w, 1) has a bright border: paper, not a blackboard. See ``digit.border_median``."""
    grey = images[..., 0]
    ring = np.ones(grey.shape[1:], dtype=bool)
    ring[1:-1, 1:-1] = False
    border = grey[:, ring]
    middle = (border.shape[1] - 1) // 2
    median = np.partition(border, middle, axis=1)[:, middle]
    darkest, brightest = (extreme(grey, axis=(1, 2)).astype(np.int64) for extreme in (np.min, np.max))
    return np.asarray(2 * median.astype(np.int64) > darkest + brightest)


def polarity_of(images: Images) -> str | None:
    """:data:`LIGHT` or :data:`DARK` where nearly all of the grey images (n, h, w, 1) are so; None of others, and of photos in
    colour."""
    if images.shape[3] != 1 or not len(images):
        return None
    share = float(is_bright_around(images).mean())
    return DARK if share >= NEARLY_ALL else LIGHT if share <= 1 - NEARLY_ALL else None
