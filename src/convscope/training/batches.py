"""The stream of training batches, for ``model.fit``: of TensorFlow's tensors there, of arrays on Keras' other back-ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..data.dataset import Split
from ..data.prepare import SCALE
from ..errors import ConfigError
from ..types import Images, Labels
from .config import TrainConfig
from .epochs import epoch_blocks

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

BLOCK = 8192
"""Images that are prepared at once, at least one batch: 6 MB of 28 × 28."""


class BatchStream:
    """Batches of the images at ``rows`` of a split; :meth:`begin` says which epoch the next pass is.

    ``side`` (h, w) cuts images at the bottom and on the right, where no pixel can reach the output. ``shard`` (index, count) takes
    the share of one of several processes out of every batch; all of them together see what one would.
    """

    def __init__(
        self,
        split: Split,
        rows: Labels,
        config: TrainConfig,
        *,
        seed: int,
        side: tuple[int, int] | None = None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self.batch_size = config.batch_size_for(len(rows))
        rows = np.tile(rows, config.passes_for(len(rows)))
        if self.batch_size % shard[1]:
            raise ConfigError(
                f"batches of {self.batch_size} images cannot be shared by {shard[1]} processes; a multiple was expected. "
                "Use another number of processes, or another batch_size."
            )
        whole, rest = divmod(len(rows), self.batch_size)
        rest = 0 if config.drop_remainder else rest
        self.steps_per_epoch = whole + (rest > 0)
        self.num_images = whole * self.batch_size + rest
        self._block_size = max(1, BLOCK // self.batch_size) * self.batch_size
        self._num_blocks = -(-whole * self.batch_size // self._block_size) + (rest > 0)
        self._split, self._rows, self._config, self._seed, self._shard = split, rows, config, seed, shard
        self._side = side or split.images.shape[1:3]
        self._epoch = 0

    def begin(self, epoch: int) -> None:
        """The next pass is for ``epoch`` (from 0)."""
        self._epoch = epoch

    def batches(self) -> tf.data.Dataset | keras.utils.PyDataset:
        """One pass: (inputs (b, h, w, c) float32 in 0..1, labels (b,) int32) per step, as the back-end in use likes it."""
        import keras

        if keras.backend.backend() == "tensorflow":
            return self._tensors()
        from .sequence import BatchSequence

        return BatchSequence(self)

    def blocks(self) -> Iterator[tuple[Images, npt.NDArray[np.int32]]]:
        """The epoch's images (steps, b, h, w, c) uint8 and labels (steps, b), several batches at a time."""
        height, width = self._side
        left = self.num_images
        for images, rows in epoch_blocks(
            self._split.images, self._rows, self._config.augmentation_in(self._epoch),
            seed=self._seed, epoch=self._epoch, block=self._block_size, warp=_warp,
        ):  # fmt: skip
            images, labels = images[:left, :height, :width], self._split.labels[rows[:left]].astype(np.int32)
            left -= len(images)
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

        # One thread of its own: slicing and scaling take little, and the cores belong to the network.
        options = tf.data.Options()
        options.threading.private_threadpool_size = 1
        # Nothing here is left to be tuned, and the end of an epoch sometimes waits two seconds for the thread that would do it.
        options.autotune.enabled = False
        # Not from_generator: it tells the C library to give freed memory back at once, for the whole process and for good, and
        # every tensor of an image batch is paged in anew from then on: a third of an epoch.
        # Nothing here branches, and TensorFlow's looking for it takes a tenth of a second.
        plainly = tf.autograph.experimental.do_not_convert
        blocks = tf.data.Dataset.range(self._num_blocks).map(plainly(self._numbered())).prefetch(1)
        batches = blocks.flat_map(plainly(lambda images, labels: tf.data.Dataset.from_tensor_slices((images, labels))))
        scaled = batches.map(plainly(lambda images, labels: (tf.cast(images, tf.float32) / SCALE, labels)))
        known = scaled.apply(tf.data.experimental.assert_cardinality(self.steps_per_epoch))
        return known.prefetch(16).with_options(options)

    def _numbered(self) -> Callable[[Any], tuple[Any, Any]]:
        """The blocks by number, each asked for once and in turn; number 0 begins the epoch that the stream is at."""
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
            return tf.ensure_shape(images, (None, None, *self._side, channels)), tf.ensure_shape(labels, (None, None))

        return block


def _warp(images: Images, maps: npt.NDArray[np.float32]) -> Images:
    """Bilinear, continued from the edges: a tenth of what an epoch of ``cnn`` costs, on all cores."""
    import keras

    warped = keras.ops.image.affine_transform(
        images, maps, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
    )
    return np.asarray(keras.ops.convert_to_numpy(warped), np.uint8)
