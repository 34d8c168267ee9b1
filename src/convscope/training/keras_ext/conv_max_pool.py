"""A convolution with few input channels and its max pooling as one matrix product.

With few channels, TensorFlow's convolution and its gradient are limited by memory, and the gradient of its pooling
visits the feature maps value by value: together 9.4 of the 25 ms that a batch of ``cnn`` takes. Here each row of a
matrix holds the (k + 1)² pixels that one pooled value depends on. A second matrix holds the kernel at the four
positions that the pooling chooses from, and a few passes take the largest of the four products: 4.3 ms
(``benchmarks/LOG.md``). This takes ((k + 1) / k)² times the multiply-adds, so it is faster only with few channels.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ...system.hardware import processor_flags

MAX_CHANNELS = 4
"""Most input channels; with 16 the extra multiply-adds cost more than they save."""
CHOICES = 4
"""Positions that a pooling of 2 × 2 chooses from."""


class ConvMaxPool(keras.layers.Conv2D):  # type: ignore[misc]
    """Keras' convolution followed by ``MaxPooling2D(2)``, with the convolution's weights."""

    def call(self, inputs: Any) -> Any:
        """Return the pooled feature maps of ``inputs`` (b, h, w, c), (b, (h - k + 1) // 2, (w - k + 1) // 2, filters)."""
        side = self.kernel_size[0]
        windows = _windows(inputs, side)
        products = tf.reshape(windows, (-1, windows.shape[-1])) @ _at_four_positions(tf.convert_to_tensor(self.kernel), side)
        return _largest_of_four(tf.reshape(products, (-1, *windows.shape[1:3], CHOICES * self.filters)))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        rows, columns = ((size - self.kernel_size[0] + 1) // 2 for size in (height, width) if size is not None)
        return batch, rows, columns, self.filters


def can_be_pooled(convolution: keras.Layer, pooling: keras.Layer) -> bool:
    """Return whether :class:`ConvMaxPool` can replace the two layers and is faster.

    It is slower in bfloat16, and on processors with AVX-512, where TensorFlow's own kernels are twice as fast as this.
    """
    if type(convolution).__name__ != "Conv2D" or type(pooling).__name__ != "MaxPooling2D":
        return False
    own, after = convolution.get_config(), pooling.get_config()
    rows, columns = own["kernel_size"]
    return bool(
        keras.config.dtype_policy().compute_dtype == "float32"
        and rows == columns and rows % 2 == 1
        and (own["strides"], own["dilation_rate"], own["padding"], own["groups"]) == ((1, 1), (1, 1), "valid", 1)
        and (after["pool_size"], after["strides"], after["padding"]) == ((2, 2), (2, 2), "valid")
        and own["data_format"] == after["data_format"] == "channels_last"
        and convolution.input.shape[-1] <= MAX_CHANNELS
        and "avx512f" not in processor_flags()
    )  # fmt: skip


def _windows(inputs: Any, side: int) -> Any:
    """Return the pixels that each pooled value depends on, (b, rows, columns, (k + 1)² · c), in blocks of 2 × 2."""
    _, height, width, channels = inputs.shape
    rows, columns, blocks = (height - side + 1) // 2, (width - side + 1) // 2, (side + 1) // 2
    down, across = rows + blocks - 1, columns + blocks - 1
    blocked = tf.reshape(inputs[:, : 2 * down, : 2 * across], (-1, down, 2, across, 2, channels))
    blocked = tf.reshape(tf.transpose(blocked, (0, 1, 3, 2, 4, 5)), (-1, down, across, 4 * channels))
    offsets = [(row, column) for row in range(blocks) for column in range(blocks)]
    return tf.concat([blocked[:, row : row + rows, column : column + columns] for row, column in offsets], axis=-1)


def _at_four_positions(kernel: Any, side: int) -> Any:
    """Return a kernel (k, k, c, f) at four positions, ((k + 1)² · c, 4f), in the row order of ``_windows``."""
    _, _, channels, filters = kernel.shape
    at = [tf.pad(kernel, [[row, 1 - row], [column, 1 - column], [0, 0], [0, 0]]) for row in (0, 1) for column in (0, 1)]
    blocks = (side + 1) // 2
    blocked = tf.reshape(tf.concat(at, axis=-1), (blocks, 2, blocks, 2, channels, CHOICES * filters))
    return tf.reshape(tf.transpose(blocked, (0, 2, 1, 3, 4, 5)), ((side + 1) ** 2 * channels, CHOICES * filters))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _largest_of_four(values: Any) -> Any:
    """Return the maximum over the four positions: (…, 4f) to (…, f).

    The first of equal values gets the gradient, as in TensorFlow's pooling.
    """
    first, second, third, fourth = tf.split(values, CHOICES, axis=-1)
    upper, lower = tf.maximum(first, second), tf.maximum(third, fourth)

    def gradient(upstream: Any) -> Any:
        of_upper = upstream * tf.cast(upper >= lower, upstream.dtype)
        of_lower = upstream - of_upper
        of_first = of_upper * tf.cast(first >= second, upstream.dtype)
        of_third = of_lower * tf.cast(third >= fourth, upstream.dtype)
        return tf.concat([of_first, of_upper - of_first, of_third, of_lower - of_third], axis=-1)

    return tf.maximum(upper, lower), gradient
