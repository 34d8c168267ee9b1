"""Batch normalisation as one TensorFlow kernel, where Keras uses a dozen operations.

Keras composes a normalisation from mean, variance, difference, product and sum, each a pass over the feature maps, and
in float32 even if the network computes in bfloat16. TensorFlow's kernel sums in float32, too, and saves a fifth of the
processor time of an epoch of ``cnn`` on MNIST (``benchmarks/LOG.md``).
"""

from __future__ import annotations

from typing import Any

import keras


class FusedBatchNorm(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Keras' layer with the same weights, computed by one kernel for maps (b, h, w, c)."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise ``inputs``; equals Keras' layer up to rounding.

        The running variance is the unbiased one, larger by the factor n / (n - 1).
        """
        if len(inputs.shape) != 4 or not self.center:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        offset = tf.convert_to_tensor(self.beta)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones_like(offset)
        running = () if training else (tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance))
        mean, variance = running or (tf.zeros((0,)), tf.zeros((0,)))
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=mean, variance=variance,
            epsilon=self.epsilon, is_training=bool(training),
        )  # fmt: skip
        if training:
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs
