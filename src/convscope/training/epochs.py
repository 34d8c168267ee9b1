"""One epoch's images, in blocks: shuffled, shifted or warped, as functions of (seed, epoch) alone.

So a training can be repeated, or taken up in the middle, without storing the state of a shuffling buffer. An epoch comes
in blocks of a few thousand images, prepared while the network learns from the one before: what is held in memory beside
the set itself is two blocks, and a set that is mapped from a file is never read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from ..types import Images, Labels
from .augmentation import Augmentation, draw_shifts, draw_warps

SHUFFLE, SHIFT, WARP = 1, 2, 3
"""Purposes of random numbers; part of their seeds, so that no two purposes share a stream."""

Warp = Callable[[Images, npt.NDArray[np.float32]], Images]
"""Images (n, h, w, c) uint8 and maps (n, 8) to warped images of the same shape."""


def epoch_order(num_images: int, *, seed: int, epoch: int) -> Labels:
    """(num_images,) a permutation that depends on nothing but the arguments."""
    return _generator(seed, SHUFFLE, epoch).permutation(num_images)


def epoch_blocks(
    images: Images, rows: Labels, augmentation: Augmentation, *, seed: int, epoch: int, block: int, warp: Warp
) -> Iterator[tuple[Images, Labels]]:
    """The images at ``rows`` in the order of ``epoch``, augmented, ``block`` at a time, each with its rows."""
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
    """``images[rows]``, read in the order of the file where they are mapped from one: forwards, not to and fro."""
    if not isinstance(images, np.memmap):
        return images[rows]
    ascending = np.argsort(rows, kind="stable")
    result = np.empty((len(rows), *images.shape[1:]), images.dtype)
    result[ascending] = images[rows[ascending]]
    return result


def shifted(images: Images, shifts: Labels, pixels: int) -> Images:
    """Each image cut out of itself, continued by ``pixels`` from its edges, at its place in ``shifts`` (n, 2).

    One slice per distinct shift, of which there are (2p + 1)², instead of one per image.
    """
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
