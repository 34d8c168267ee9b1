"""Images of the network's size that have the form of its training images, and so are used unchanged."""

import numpy as np
import numpy.typing as npt

from ...types import Images
from .mnist_style import DigitPreprocessing

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
