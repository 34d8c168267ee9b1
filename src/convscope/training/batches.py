"""Training batches for ``model.fit``: tensors on TensorFlow, arrays on other back-ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..data.dataset import Split
from ..data.scaling import SCALE
from ..errors import ConfigError
from ..types import Images, Labels
from .augmentation import Augmentation, draw_shifts, draw_warps
from .config import TrainConfig

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

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
        part = gather(images, chosen)
        if maps is not None:
            part = warp(part, maps[start : start + block])
        elif shifts is not None:
            part = shift_images(part, shifts[start : start + block], pixels)
        yield part, chosen


def gather(images: Images, rows: Labels) -> Images:
    """Return ``images[rows]``; memory-mapped images are read in file order, to avoid seeks."""
    if not isinstance(images, np.memmap):
        return images[rows]
    ascending = np.argsort(rows, kind="stable")
    result = np.empty((len(rows), *images.shape[1:]), images.dtype)
    result[ascending] = images[rows[ascending]]
    return result


def shift_images(images: Images, shifts: Labels, pixels: int) -> Images:
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


BLOCK = 8192
"""Images that are prepared together, at least one batch: 6 MB for images of 28 × 28."""


class BatchStream:
    """A stream of training batches; :meth:`begin` sets the epoch of the next pass."""

    def __init__(
        self,
        split: Split,
        rows: Labels,
        config: TrainConfig,
        *,
        seed: int,
        size: tuple[int, int] | None = None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        """Prepare the stream of the images at ``rows`` (n,) of ``split``.

        Images are cropped to ``size`` (h, w) at the bottom and on the right. ``shard`` is the index of this process, which feeds
        that part of every batch, and the number of processes.

        Raises:
            ConfigError: The batch size is not a multiple of the number of processes.
        """
        self.batch_size = config.batch_size_for(len(rows))
        rows = np.tile(rows, config.repeats_per_epoch(len(rows)))
        if self.batch_size % shard[1]:
            raise ConfigError(
                f"batch_size must be a multiple of the number of processes, {shard[1]}; got {self.batch_size}. "
                "Change one of the two."
            )
        whole, rest = divmod(len(rows), self.batch_size)
        rest = 0 if config.drop_remainder else rest
        self.steps_per_epoch = whole + (rest > 0)
        self.num_images = whole * self.batch_size + rest
        self._block_size = max(1, BLOCK // self.batch_size) * self.batch_size
        self._num_blocks = -(-whole * self.batch_size // self._block_size) + (rest > 0)
        self._split, self._rows, self._config, self._seed, self._shard = split, rows, config, seed, shard
        self._size = size or split.images.shape[1:3]
        self._epoch = 0

    def begin(self, epoch: int) -> None:
        """Set the epoch of the next pass, from 0."""
        self._epoch = epoch

    def batches(self) -> tf.data.Dataset | keras.utils.PyDataset:
        """Return one pass: steps of inputs (b, h, w, c) float32 in 0..1 and labels (b,) int32."""
        import keras

        if keras.backend.backend() == "tensorflow":
            return self._tensors()
        from .keras_ext.batch_sequence import BatchSequence

        return BatchSequence(self)

    def blocks(self) -> Iterator[tuple[Images, npt.NDArray[np.int32]]]:
        """Yield one epoch, several batches at a time: images (steps, b, h, w, c) uint8 and labels (steps, b)."""
        height, width = self._size
        remaining = self.num_images
        for images, rows in epoch_blocks(
            self._split.images, self._rows, self._config.augmentation_in(self._epoch),
            seed=self._seed, epoch=self._epoch, block=self._block_size, warp=_warp,
        ):  # fmt: skip
            images, labels = images[:remaining, :height, :width], self._split.labels[rows[:remaining]].astype(np.int32)
            remaining -= len(images)
            whole = len(images) // self.batch_size * self.batch_size
            for part in (slice(0, whole), slice(whole, None)):
                if len(labels[part]):
                    yield self._in_batches(images[part]), self._in_batches(labels[part])

    def _in_batches(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        batches = values.reshape(-1, min(self.batch_size, len(values)), *values.shape[1:])
        index, count = self._shard
        share = batches.shape[1] // count
        return batches[:, index * share : (index + 1) * share]

    def _tensors(self) -> tf.data.Dataset:
        import tensorflow as tf

        # One thread suffices for slicing and scaling; the other cores are for the network.
        options = tf.data.Options()
        options.threading.private_threadpool_size = 1
        # There is nothing to tune, and the end of an epoch sometimes waits two seconds for the tuning thread.
        options.autotune.enabled = False
        # The functions have no branches for AutoGraph to convert; searching for them takes a tenth of a second.
        unconverted = tf.autograph.experimental.do_not_convert
        # Not from_generator: it makes the C library return freed memory at once, for the rest of the process, so every image
        # batch is paged in again. That costs a third of an epoch.
        blocks = tf.data.Dataset.range(self._num_blocks).map(unconverted(self._block_by_number())).prefetch(1)
        batches = blocks.flat_map(unconverted(lambda images, labels: tf.data.Dataset.from_tensor_slices((images, labels))))
        scaled = batches.map(unconverted(lambda images, labels: (tf.cast(images, tf.float32) / SCALE, labels)))
        counted = scaled.apply(tf.data.experimental.assert_cardinality(self.steps_per_epoch))
        return counted.prefetch(16).with_options(options)

    def _block_by_number(self) -> Callable[[Any], tuple[Any, Any]]:
        """Return a function from a block's number, called in order, to its tensors; 0 starts the current epoch."""
        import tensorflow as tf

        channels = self._split.images.shape[3]
        blocks: Iterator[tuple[Images, npt.NDArray[np.int32]]] = iter(())

        def next_block(number: npt.NDArray[np.int64]) -> tuple[Images, npt.NDArray[np.int32]]:
            nonlocal blocks
            if number == 0:
                blocks = self.blocks()
            return next(blocks)

        def block(number: Any) -> tuple[Any, Any]:
            images, labels = tf.numpy_function(next_block, [number], (tf.uint8, tf.int32))
            return tf.ensure_shape(images, (None, None, *self._size, channels)), tf.ensure_shape(labels, (None, None))

        return block


def _warp(images: Images, maps: npt.NDArray[np.float32]) -> Images:
    """Apply affine maps with bilinear interpolation, repeating the pixels at the edges."""
    import keras

    # Costs a tenth of an epoch of ``cnn``, on all cores.
    warped = keras.ops.image.affine_transform(
        images, maps, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
    )
    return np.asarray(keras.ops.convert_to_numpy(warped), np.uint8)
