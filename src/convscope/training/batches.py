"""The order of the images in each epoch, and the changes that each image gets: the same for both engines."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from ..data.dataset import Split
from ..types import Floats, Images, Labels
from .augmentation import draw_shifts, draw_warps
from .config import TrainConfig

SHUFFLE, SHIFT, WARP = 1, 2, 3
"""Purposes of random numbers, each part of the seed, so that no two purposes share a stream."""


@dataclass(frozen=True, eq=False)
class Epoch:
    """The images of one epoch in the order of training, and their augmentation."""

    rows: Labels
    """(n,) indices of images; each batch takes the next ones."""
    shifts: npt.NDArray[np.int16] | None
    """(n, 2) rows down and columns right by which each image is read; None for no shifts."""
    warps: Floats | None
    """(n, 8) float32 affine maps, as :func:`~convscope.training.augmentation.draw_warps` returns them; None for none."""

    def part(self, start: int, stop: int) -> Self:
        shifts = None if self.shifts is None else self.shifts[start:stop]
        warps = None if self.warps is None else self.warps[start:stop]
        return replace(self, rows=self.rows[start:stop], shifts=shifts, warps=warps)


class TrainingBatches:
    """The batches of a training: how many images and steps an epoch has, and which images come when."""

    def __init__(
        self, split: Split, rows: Labels, config: TrainConfig, *, seed: int, class_weights: Floats | None = None
    ) -> None:
        """Prepare the batches of the images at ``rows`` (n,) of ``split``; ``class_weights`` (k,) are factors of their losses."""
        self.split: Split = split
        self.class_weights: Floats | None = class_weights
        self.batch_size: int = config.batch_size_for(len(rows))
        self._rows = np.tile(rows, config.repeats_per_epoch(len(rows)))
        whole, rest = divmod(len(self._rows), self.batch_size)
        rest = 0 if config.drop_remainder else rest
        self.steps_per_epoch: int = whole + (rest > 0)
        self.num_images: int = whole * self.batch_size + rest
        self._config, self._seed = config, seed

    def epoch(self, number: int) -> Epoch:
        """Return epoch ``number``, from 0; it depends on nothing but the number and the arguments of the constructor."""
        size, shape = len(self._rows), self.split.images.shape[1:]
        augmentation = self._config.augmentation_in(number)
        pixels = augmentation.pixels(shape)
        shifts = warps = None
        if augmentation.warps or augmentation.flip:
            warps = draw_warps(augmentation, shape, size, self._generator(WARP, number))
        elif pixels:
            shifts = draw_shifts(size, pixels, self._generator(SHIFT, number))
        order = self._generator(SHUFFLE, number).permutation(size)
        return Epoch(self._rows[order], shifts, warps).part(0, self.num_images)

    def _generator(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self._seed, purpose, number]))


def gather(images: Images, rows: Labels) -> Images:
    """Return ``images[rows]``; memory-mapped images are read in file order, to avoid seeks."""
    if not isinstance(images, np.memmap):
        return images[rows]
    ascending = np.argsort(rows, kind="stable")
    result = np.empty((len(rows), *images.shape[1:]), images.dtype)
    result[ascending] = images[rows[ascending]]
    return result
