"""A first convolution and the pooling behind it as one product of matrices. Imports Keras, so the twin imports it last.

On few channels TensorFlow's convolution and its gradient wait for memory, and the gradient of its pooling walks over the
maps value by value: together 9.4 of the 25 ms that a batch of ``cnn`` takes. Here each row of a matrix holds the window
that one pooled value depends on, (k + 1)² pixels; the kernel stands in it four times, once for each place that the pooling
chooses from, and the largest of four products is taken in a few passes: 4.3 ms (``benchmarks/LOG.md``). That is
((k + 1) / k)² times the multiply-adds, which pays where channels are few.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ..processor import processor_flags

MOST_CHANNELS = 4
"""Of the images; with 16 the products cost more than they save."""
CHOICES = 4
"""Places that a pooling of 2 × 2 chooses from."""


class PooledConvolution(keras.layers.Conv2D):  # type: ignore[misc]
    """What ``MaxPooling2D(2)`` makes of Keras' layer, with that layer's weights and their names."""

    def call(self, inputs: Any) -> Any:
        """Maps (b, h, w, c) to pooled maps (b, (h - k + 1) // 2, (w - k + 1) // 2, filters), k the side of the kernel."""
        side = self.kernel_size[0]
        windows = _windows(inputs, side)
        products = tf.reshape(windows, (-1, windows.shape[-1])) @ _at_four_places(tf.convert_to_tensor(self.kernel), side)
        return _largest_of_four(tf.reshape(products, (-1, *windows.shape[1:3], CHOICES * self.filters)))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, height, width, _ = input_shape
        rows, columns = ((size - self.kernel_size[0] + 1) // 2 for size in (height, width) if size is not None)
        return batch, rows, columns, self.filters


def can_be_pooled(convolution: keras.Layer, pooling: keras.Layer) -> bool:
    """Whether the two are one :class:`PooledConvolution`, and computing them so pays.

    Not in bfloat16, and not on processors with AVX-512, for which TensorFlow's own kernels are twice as fast as this.
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
        and convolution.input.shape[-1] <= MOST_CHANNELS
        and "avx512f" not in processor_flags()
    )  # fmt: skip


def _windows(inputs: Any, side: int) -> Any:
    """(b, rows, columns, (k + 1)² · c): what each pooled value depends on, in blocks of 2 × 2 pixels."""
    _, height, width, channels = inputs.shape
    rows, columns, blocks = (height - side + 1) // 2, (width - side + 1) // 2, (side + 1) // 2
    down, across = rows + blocks - 1, columns + blocks - 1
    parted = tf.reshape(inputs[:, : 2 * down, : 2 * across], (-1, down, 2, across, 2, channels))
    parted = tf.reshape(tf.transpose(parted, (0, 1, 3, 2, 4, 5)), (-1, down, across, 4 * channels))
    places = [(row, column) for row in range(blocks) for column in range(blocks)]
    return tf.concat([parted[:, row : row + rows, column : column + columns] for row, column in places], axis=-1)


def _at_four_places(kernel: Any, side: int) -> Any:
    """(k, k, c, f) to ((k + 1)² · c, 4f), rows in the order of :func:`_windows`."""
    _, _, channels, filters = kernel.shape
    at = [tf.pad(kernel, [[row, 1 - row], [column, 1 - column], [0, 0], [0, 0]]) for row in (0, 1) for column in (0, 1)]
    blocks = (side + 1) // 2
    parted = tf.reshape(tf.concat(at, axis=-1), (blocks, 2, blocks, 2, channels, CHOICES * filters))
    return tf.reshape(tf.transpose(parted, (0, 2, 1, 3, 4, 5)), ((side + 1) ** 2 * channels, CHOICES * filters))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _largest_of_four(values: Any) -> Any:
    """(…, 4f) to (…, f). Of equal values the first gets the gradient, as TensorFlow's pooling does it."""
    first, second, third, fourth = tf.split(values, CHOICES, axis=-1)
    upper, lower = tf.maximum(first, second), tf.maximum(third, fourth)

    def gradient(of_result: Any) -> Any:
        of_upper = of_result * tf.cast(upper >= lower, of_result.dtype)
        of_lower = of_result - of_upper
        of_first = of_upper * tf.cast(first >= second, of_result.dtype)
        of_third = of_lower * tf.cast(third >= fourth, of_result.dtype)
        return tf.concat([of_first, of_upper - of_first, of_third, of_lower - of_third], axis=-1)

    return tf.maximum(upper, lower), gradient
