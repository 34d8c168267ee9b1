"""Too little light, and pixels that are lost."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws

LEVELS = 256
TAIL = 1e-12
"""Probability that is left over where the table of a Poisson distribution ends."""


def shot_noise(images: Floats, photons: float, draws: Draws, background: Background) -> Floats:
    """Every value is counted from light particles, of which white sends ``photons`` on average: a Poisson distribution."""
    levels = np.rint(images * (LEVELS - 1)).astype(np.int64).ravel()
    chance = draws.uniform(*images.shape[1:]).ravel()
    table = _poisson_table(photons)
    counts = np.zeros(levels.size, np.float32)
    # Inversion: one more particle for as long as the chance is above the sum of probabilities. Most of a digit is black,
    # where there is none, so the work lies with few pixels and ever fewer.
    going_on = np.flatnonzero(levels)
    for sums in table.T:
        going_on = going_on[chance[going_on] >= sums[levels[going_on]]]
        if not len(going_on):
            break
        counts[going_on] += 1
    return np.asarray(np.clip(counts.reshape(images.shape) / np.float32(photons), 0, 1))


def _poisson_table(photons: float) -> Floats:
    """(256, k) for every grey level: the probability of at most 0, 1, … k − 1 particles."""
    means = np.arange(LEVELS) / (LEVELS - 1) * photons
    term = np.exp(-means)
    columns = [term]
    while 1 - columns[-1][-1] > TAIL and len(columns) < 200:
        term = term * means / len(columns)
        columns.append(columns[-1] + term)
    return np.stack(columns, axis=1)


def impulse_noise(images: Floats, share: float, draws: Draws, background: Background) -> Floats:
    """A ``share`` of the pixels is lost: half of them black, half of them white."""
    chance = draws.uniform(*images.shape[1:3])[..., None]
    return np.where(chance < share, np.where(chance < share / 2, np.float32(0), np.float32(1)), images)
