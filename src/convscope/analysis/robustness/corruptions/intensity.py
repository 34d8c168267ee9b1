"""Brightness, fog and inverted stripes."""

import numpy as np

from ....types import Floats
from ..background import Background
from .random_numbers import CounterRNG

FOG_DECAY = 1.96
"""Ratio of the amplitudes of successive octaves of the fog."""
MIN_FIELD_SIDE = 256
"""Smallest side in pixels of the fog field that images are given a random part of."""


def brightness(images: Floats, amount: float, draws: CounterRNG, background: Background) -> Floats:
    """Increase the HSV value by ``amount``, up to 1; hue and saturation are preserved."""
    value = images.max(axis=-1, keepdims=True)
    lighter = np.minimum(value + np.float32(amount), 1)
    return np.asarray(np.where(value > 0, images * (lighter / np.maximum(value, 1e-6)), lighter))


def stripe(images: Floats, share: float, draws: CounterRNG, background: Background) -> Floats:
    """Invert the left and right ``share`` of the image, and columns partly inside in part."""
    width = images.shape[2]
    column = np.arange(width)
    covered = np.clip(share * width - column, 0, 1) + np.clip(share * width - (width - 1 - column), 0, 1)
    inside = covered.astype(np.float32)[:, None]
    return np.asarray(images + inside * (1 - 2 * images))


def fog(images: Floats, thickness: float, draws: CounterRNG, background: Background) -> Floats:
    """Add fog of ``thickness`` times white and rescale to the original maximum of each image."""
    height, width = images.shape[1:3]
    # At least eight times the side of an image, so that parts differ.
    field = _fog_field(max(MIN_FIELD_SIDE, 2 ** int(np.ceil(np.log2(8 * max(height, width))))))
    side = len(field)
    corner = (draws.uniform(2) * side).astype(np.int64)
    rows = (corner[:, 0, None] + np.arange(height)) % side
    columns = (corner[:, 1, None] + np.arange(width)) % side
    density = field[rows[:, :, None], columns[:, None, :]][..., None]
    lightest = images.max(axis=(1, 2, 3), keepdims=True)
    return np.asarray(
        (images + np.float32(thickness) * density) * lightest / np.maximum(lightest + np.float32(thickness), 1e-6)
    )


def _fog_field(side: int) -> Floats:
    """Return periodic noise, (side, side) in 0..1, whose octaves decay by FOG_DECAY."""
    # One field with a fixed seed for all images: random positions in it suffice, and a field per image takes 100 times as long.
    generator = np.random.Generator(np.random.PCG64(side))
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf  # no mean
    # The area of an octave grows with the square of its frequency, hence the 1.
    waves = np.fft.rfft2(generator.normal(size=(side, side))) * frequency ** -(1 + np.log2(FOG_DECAY))
    field = np.fft.irfft2(waves, s=(side, side))
    return np.asarray((field - field.min()) / (field.max() - field.min()), np.float32)


LEVELS = 256
TAIL = 1e-12
"""Tail probability at which the table of a Poisson distribution is cut off."""


def shot_noise(images: Floats, photons: float, draws: CounterRNG, background: Background) -> Floats:
    """Draw every value from a Poisson distribution, with ``photons`` as the mean of white."""
    levels = np.rint(images * (LEVELS - 1)).astype(np.int64).ravel()
    chance = draws.uniform(*images.shape[1:]).ravel()
    table = _poisson_table(photons)
    counts = np.zeros(levels.size, np.float32)
    # Inversion: a pixel counts another photon while its random number is at least the cumulative probability. Only the pixels that
    # still count are visited; most pixels of a digit are black and never do.
    counting = np.flatnonzero(levels)
    for cumulative in table.T:
        counting = counting[chance[counting] >= cumulative[levels[counting]]]
        if not len(counting):
            break
        counts[counting] += 1
    return np.asarray(np.clip(counts.reshape(images.shape) / np.float32(photons), 0, 1))


def _poisson_table(photons: float) -> Floats:
    """Return the probability of at most 0, 1, … k − 1 photons per grey level, (256, k)."""
    means = np.arange(LEVELS) / (LEVELS - 1) * photons
    term = np.exp(-means)
    columns = [term]
    while 1 - columns[-1][-1] > TAIL and len(columns) < 200:
        term = term * means / len(columns)
        columns.append(columns[-1] + term)
    return np.stack(columns, axis=1)


def impulse_noise(images: Floats, share: float, draws: CounterRNG, background: Background) -> Floats:
    """Replace a ``share`` of the pixels, half of them by black and half by white."""
    chance = draws.uniform(*images.shape[1:3])[..., None]
    return np.where(chance < share, np.where(chance < share / 2, np.float32(0), np.float32(1)), images)
