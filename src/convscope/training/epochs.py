"""Shuffled and augmented images of one epoch, as a function of seed and epoch alone.

A training can therefore be repeated, or resumed in the middle, without saving the state of a shuffling buffer. An epoch
is split into blocks of a few thousand images, each prepared while the network trains on the previous one: memory holds
two blocks besides the dataset, and a memory-mapped dataset is never read as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from ..types import Images, Labels
from .augmentation import Augmentation, draw_shifts, draw_warps

SHUFFLE, SHIFT, WARP = 1, 2, 3
"""Purposes of random numbers, each part of the seed, so that no two purposes share a stream."""

Warp = Callable[[Images, npt.NDArray[np.float32]], Images]
"""A function of images (n, h, w, c) uint8 and affine maps (n, 8) that returns the warped images."""


def epoch_order(num_images: int, *, seed: int, epoch: int) -> Labels:
    """Return a permutation (num_images,) that depends only on the arguments."""
    return _generator(seed, SHUFFLE, epoch).permutation(num_images)


def epoch_blocks(
    images: Images, rows: Labels, augmentation: Augmentation, *, seed: int, epoch: int, block: int, warp: Warp
) -> Iterator[tuple[Images, Labels]]:
    """Yield the augmented images at ``rows`` with their rows, ``block`` at a time."""
    order = rows[epoch_order(len(rows), seed=seed, epoch=epoch)]
    shape, pixels = images.shape[1:], augmentation.pixels(images.shape[1:])
    shifts = maps = None
    if augmentation.warps:
        maps = draw_warps(augmentation, shape, len(rows), _generator(seed, WARP, epoch))
    elif pixels:
        shifts = draw_shifts(len(rows), pixels, _generator(seed, SHIFT, epoch))
    for start in range(0, len(order), block):
        chosen = order[start : start + block]
        part = gathered(images, chosen)
        if maps is not None:
            part = warp(part, maps[start : start + block])
        elif shifts is not None:
            part = shifted(part, shifts[start : start + block], pixels)
        yield part, chosen


def gathered(images: Images, rows: Labels) -> Images:
    """Return ``images[rows]``; memory-mapped images are read in file order, to avoid seeks."""
    if not isinstance(images, np.memmap):
        return images[rows]
    ascending = np.argsort(rows, kind="stable")
    result = np.empty((len(rows), *images.shape[1:]), images.dtype)
    result[ascending] = images[rows[ascending]]
    return result


def shifted(images: Images, shifts: Labels, pixels: int) -> Images:
    """Cut each image out of itself, padded with its edge pixels, at ``shifts`` (n, 2)."""
    # One slice for each of the (2p + 1)² distinct shifts is faster than one for each image.
    height, width = images.shape[1:3]
    frames = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="edge")
    cut = np.empty_like(images)
    for row in range(2 * pixels + 1):
        for column in range(2 * pixels + 1):
            chosen = np.flatnonzero((shifts[:, 0] == row) & (shifts[:, 1] == column))
            cut[chosen] = frames[chosen, row : row + height, column : column + width]
    return cut


def _generator(seed: int, purpose: int, epoch: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, purpose, epoch]))
