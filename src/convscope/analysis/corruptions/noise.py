"""Shot noise and impulse noise."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws

LEVELS = 256
TAIL = 1e-12
"""Tail probability at which the table of a Poisson distribution is cut off."""


def shot_noise(images: Floats, photons: float, draws: Draws, background: Background) -> Floats:
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


def impulse_noise(images: Floats, share: float, draws: Draws, background: Background) -> Floats:
    """Replace a ``share`` of the pixels, half of them by black and half by white."""
    chance = draws.uniform(*images.shape[1:3])[..., None]
    return np.where(chance < share, np.where(chance < share / 2, np.float32(0), np.float32(1)), images)
