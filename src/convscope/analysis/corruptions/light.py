"""Too much light, mist, and parts in negative."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws

MIST_DECAY = 1.96
"""How much weaker each octave of the mist is than the one before, at half its size."""
SMALLEST_SKY = 256
"""Pixels a side of the field of mist that every image is given a piece of; at least eight times an image's side."""


def brightness(images: Floats, amount: float, draws: Draws, background: Background) -> Floats:
    """Lighter by ``amount``; colours keep hue and saturation, as long as they can."""
    value = images.max(axis=-1, keepdims=True)
    lighter = np.minimum(value + np.float32(amount), 1)
    return np.asarray(np.where(value > 0, images * (lighter / np.maximum(value, 1e-6)), lighter))


def stripe(images: Floats, share: float, draws: Draws, background: Background) -> Floats:
    """The left and the right ``share`` of the image in negative. A column that lies in it by half is turned by half."""
    width = images.shape[2]
    column = np.arange(width)
    covered = np.clip(share * width - column, 0, 1) + np.clip(share * width - (width - 1 - column), 0, 1)
    inside = covered.astype(np.float32)[:, None]
    return np.asarray(images + inside * (1 - 2 * images))


def fog(images: Floats, thickness: float, draws: Draws, background: Background) -> Floats:
    """A mist of ``thickness`` times white is added, and all made darker until the lightest is as light as it was."""
    height, width = images.shape[1:3]
    field = _mist(max(SMALLEST_SKY, 2 ** int(np.ceil(np.log2(8 * max(height, width))))))
    side = len(field)
    corner = (draws.uniform(2) * side).astype(np.int64)
    rows = (corner[:, 0, None] + np.arange(height)) % side
    columns = (corner[:, 1, None] + np.arange(width)) % side
    mist = field[rows[:, :, None], columns[:, None, :]][..., None]
    lightest = images.max(axis=(1, 2, 3), keepdims=True)
    return np.asarray(
        (images + np.float32(thickness) * mist) * lightest / np.maximum(lightest + np.float32(thickness), 1e-6)
    )


def _mist(side: int) -> Floats:
    """(side, side) float32 in 0..1: noise whose octaves fade by :data:`MIST_DECAY`, without a seam where it wraps round.

    One for all images, drawn by a fixed seed: where in it an image lies is random enough, and a field for each would take
    a hundred times as long.
    """
    generator = np.random.Generator(np.random.PCG64(side))
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf  # no mean
    # The octave around a frequency has an area that grows with its square, hence the 1.
    waves = np.fft.rfft2(generator.normal(size=(side, side))) * frequency ** -(1 + np.log2(MIST_DECAY))
    mist = np.fft.irfft2(waves, s=(side, side))
    return np.asarray((mist - mist.min()) / (mist.max() - mist.min()), np.float32)
