"""The stream of training batches: the whole set in memory as uint8, gathered, shifted and scaled inside TensorFlow.

Order and shifts are functions of (seed, epoch, step) alone, so that a training can be repeated, or taken up in the
middle, without having to store the state of a shuffling buffer.
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


def padded(images: Images, pixels: int) -> Images:
    """Every image with ``pixels`` more on each side, continued from its edge: right for a dark ground and for any other."""
    if pixels == 0:
        return images
    return np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="edge")


class BatchStream:
    """Batches of one training split, for ``model.fit``; :meth:`begin` sets the epoch that the next pass is for."""

    def __init__(self, split: Split, config: TrainConfig, *, seed: int) -> None:
        import tensorflow as tf

        self.num_images = len(split)
        self.batch_size = config.batch_size_for(len(split))
        self.steps_per_epoch = -(-self.num_images // self.batch_size)
        self._seed = seed
        self._height, self._width, _ = split.images.shape[1:]
        self._pixels = shift_pixels(config, split.images.shape[1:])
        self._images = tf.constant(padded(split.images, self._pixels))
        self._labels = tf.constant(split.labels.astype(np.int32))
        self._order = tf.Variable(tf.range(self.num_images), trainable=False)
        self._shifts = tf.Variable(tf.zeros((self.num_images, 2), tf.int32), trainable=False)

    def begin(self, epoch: int) -> None:
        """Shuffle for ``epoch`` (from 0)."""
        self._order.assign(epoch_order(self.num_images, seed=self._seed, epoch=epoch).astype(np.int32))
        if self._pixels:
            shifts = epoch_shifts(self.num_images, self._pixels, seed=self._seed, epoch=epoch)
            self._shifts.assign(shifts.astype(np.int32))

    def dataset(self) -> tf.data.Dataset:
        """One pass: (inputs (b, h, w, c) float32 in 0..1, labels (b,)) per step; the last batch may be smaller."""
        import tensorflow as tf

        return tf.data.Dataset.range(self.steps_per_epoch).map(self._batch, num_parallel_calls=1).prefetch(16)

    def _batch(self, step: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        start = tf.cast(step, tf.int32) * self.batch_size
        indices = self._order[start : start + self.batch_size]
        images = tf.gather(self._images, indices)
        if self._pixels:
            shifts = tf.gather(self._shifts, indices)
            images = tf.gather(images, shifts[:, :1] + tf.range(self._height), axis=1, batch_dims=1)
            images = tf.gather(images, shifts[:, 1:] + tf.range(self._width), axis=2, batch_dims=1)
        return tf.cast(images, tf.float32) / SCALE, tf.gather(self._labels, indices)
