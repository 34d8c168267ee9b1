"""The stream of training batches: the whole set in memory as uint8, shuffled and shifted once per epoch, scaled per batch.

Order and shifts are functions of (seed, epoch) alone, so that a training can be repeated, or taken up in the middle,
without having to store the state of a shuffling buffer. Doing them for a whole epoch at once, in NumPy, takes a fifth of
a second for MNIST and a second copy of its 43 MB; gathering inside TensorFlow, image by image, took twice that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Split
from ..data.prepare import SCALE
from ..types import Images, Labels
from .config import TrainConfig

if TYPE_CHECKING:
    import tensorflow as tf

SHUFFLE, SHIFT = 1, 2
"""Purposes of random numbers; part of their seeds, so that no two purposes share a stream."""


def epoch_order(num_images: int, *, seed: int, epoch: int) -> Labels:
    """(num_images,) a permutation that depends on nothing but the arguments."""
    return np.random.Generator(np.random.PCG64([seed, SHUFFLE, epoch])).permutation(num_images)


def epoch_shifts(num_images: int, pixels: int, *, seed: int, epoch: int) -> Labels:
    """(num_images, 2) rows and columns, from 0 to 2·``pixels``, where each image is cut out of its padded self."""
    generator = np.random.Generator(np.random.PCG64([seed, SHIFT, epoch]))
    return generator.integers(0, 2 * pixels + 1, size=(num_images, 2))


def shift_pixels(config: TrainConfig, image_shape: tuple[int, int, int]) -> int:
    """The largest shift in pixels for images of this shape (h, w, c): 2 for 28 × 28, 1 for 8 × 8 in ``standard``."""
    return round(config.shift * min(image_shape[:2]))


def epoch_images(padded: Images, order: Labels, shifts: Labels, pixels: int) -> Images:
    """The images of an epoch, in its ``order``, each cut out of its ``padded`` self (n, h + 2p, w + 2p, c) at its shift.

    One slice per distinct shift, of which there are (2p + 1)², instead of one per image.
    """
    height, width = (side - 2 * pixels for side in padded.shape[1:3])
    cut = np.empty((len(order), height, width, padded.shape[3]), np.uint8)
    places = shifts[order]
    for row in range(2 * pixels + 1):
        for column in range(2 * pixels + 1):
            chosen = np.flatnonzero((places[:, 0] == row) & (places[:, 1] == column))
            cut[chosen] = padded[order[chosen], row : row + height, column : column + width]
    return cut


def padded(images: Images, pixels: int) -> Images:
    """Every image with ``pixels`` more on each side, continued from its edge: right for a dark ground and for any other."""
    if pixels == 0:
        return images
    return np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="edge")


class BatchStream:
    """Batches of one training split, for ``model.fit``; :meth:`begin` prepares the epoch that the next pass is for."""

    def __init__(self, split: Split, config: TrainConfig, *, seed: int) -> None:
        import tensorflow as tf

        self.num_images = len(split)
        self.batch_size = config.batch_size_for(len(split))
        self.steps_per_epoch = -(-self.num_images // self.batch_size)
        self._seed = seed
        self._pixels = shift_pixels(config, split.images.shape[1:])
        self._padded = padded(split.images, self._pixels)
        self._labels_in_order = split.labels.astype(np.int32)
        self._images = tf.Variable(split.images, trainable=False)
        self._labels = tf.Variable(self._labels_in_order, trainable=False)

    def begin(self, epoch: int) -> None:
        """Shuffle and shift for ``epoch`` (from 0)."""
        order = epoch_order(self.num_images, seed=self._seed, epoch=epoch)
        shifts = epoch_shifts(self.num_images, self._pixels, seed=self._seed, epoch=epoch)
        self._images.assign(epoch_images(self._padded, order, shifts, self._pixels))
        self._labels.assign(self._labels_in_order[order])

    def dataset(self) -> tf.data.Dataset:
        """One pass: (inputs (b, h, w, c) float32 in 0..1, labels (b,)) per step; the last batch may be smaller."""
        import tensorflow as tf

        # One thread of its own: slicing and scaling take little, and the cores belong to the network.
        options = tf.data.Options()
        options.threading.private_threadpool_size = 1
        return tf.data.Dataset.range(self.steps_per_epoch).map(self._batch).prefetch(16).with_options(options)

    def _batch(self, step: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        start = tf.cast(step, tf.int32) * self.batch_size
        images = self._images[start : start + self.batch_size]
        return tf.cast(images, tf.float32) / SCALE, self._labels[start : start + self.batch_size]
