"""Random numbers per image that depend on the seed and the image's index alone.

With one sequential generator, an image would get other numbers in a sample than in the whole split. So each image has its own
generator: SplitMix64 (G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), whose state
is a counter, so that one expression draws for all images.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from ....types import Floats, Labels

Words = npt.NDArray[np.uint64]
STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The constants of SplitMix64."""


class CounterRNG:
    """A stream of random numbers, named ``purpose``, for the images at ``indices`` (n,) of a split."""

    def __init__(self, purpose: str, indices: Labels, *, seed: int) -> None:
        digest = hashlib.blake2b(f"{purpose}/{seed}".encode(), digest_size=8).digest()
        start = np.uint64(int.from_bytes(digest, "little"))
        self._keys = _scrambled(_scrambled(indices.astype(np.uint64) * STEP) + start)
        self._drawn = 0

    def uniform(self, *shape: int) -> Floats:
        """Return (n, ...shape) float64, uniform in [0, 1)."""
        count = int(np.prod(shape, dtype=np.int64))
        counter = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
        self._drawn += count
        words = _scrambled(self._keys[:, None] + counter * STEP) >> np.uint64(11)
        return (words * 2.0**-53).reshape(len(self._keys), *shape)

    def normal(self, *shape: int) -> Floats:
        """Return (n, ...shape) float32, standard normal."""
        from scipy.special import ndtri

        # Half a step up, since the quantile at 0 is infinite.
        return np.asarray(ndtri(self.uniform(*shape) + 2.0**-54), np.float32)

    def signs(self, *shape: int) -> Floats:
        """Return (n, ...shape) float64, −1 or 1 with equal probability."""
        return np.where(self.uniform(*shape) < 0.5, -1.0, 1.0)


def _scrambled(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * FIRST
    words = (words ^ (words >> np.uint64(27))) * SECOND
    return np.asarray(words ^ (words >> np.uint64(31)))
