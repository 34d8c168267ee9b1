"""Polarity of grey images, light on dark or dark on light, and whether a digit has the form of the training images."""

import numpy as np
import numpy.typing as npt

from ...types import Images
from .mnist_style import DigitPreprocessing

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


SMALLEST, LARGEST = 0.7, 1.2
"""Longer side of the ink, as a share of the box's; within 2 pixels of the box's is always fine."""
OFF_CENTRE = 14
"""The centre of the ink may be 1 / 14 of the frame's side off, and always 2 pixels."""
SLACK = 2
MIN_PEAK = 128
"""Least grey level of the strongest ink."""


def has_training_form(images: Images, settings: DigitPreprocessing) -> npt.NDArray[np.bool_]:
    """Return (n,) whether images (n, h, w, 1) are light on black, with ink as large and as central as the dataset's."""
    grey = images[..., 0].astype(np.int64)
    height, width = grey.shape[1:]
    ring = np.ones((height, width), dtype=bool)
    ring[1:-1, 1:-1] = False
    border = np.sort(grey[:, ring], axis=1)[:, (int(ring.sum()) - 1) // 2]
    peak = grey.max(axis=(1, 2))
    cut = np.maximum((peak * settings.background_share).astype(np.int64), settings.min_contrast)
    fits = np.asarray((border <= settings.min_contrast) & (peak >= MIN_PEAK))
    ink = np.where(grey > cut.reshape(-1, 1, 1), grey, 0)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    longest = np.zeros(len(grey), dtype=np.int64)
    for axis, side in ((1, height), (2, width)):
        some: npt.NDArray[np.bool_] = np.asarray(ink.any(axis=3 - axis))
        first, last = some.argmax(axis=1), side - 1 - some[:, ::-1].argmax(axis=1)
        longest = np.maximum(longest, last - first + 1)
        middle = ink.sum(axis=3 - axis) @ np.arange(side) / total if settings.centre else (first + last) / 2
        fits &= np.abs(middle - (side // 2 if settings.centre else (side - 1) / 2)) <= max(SLACK, side / OFF_CENTRE)
    if settings.fit:
        box = int(max(height, width) * settings.digit_size_fraction + 0.5)
        near = np.abs(longest - box) <= SLACK
        fits &= near | ((longest >= SMALLEST * box) & (longest <= LARGEST * box))
    return np.asarray(fits)
