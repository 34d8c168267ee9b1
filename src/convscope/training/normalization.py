"""Batch normalisation in one kernel where Keras takes a dozen. Imports Keras, so the twin imports it last.

Keras writes a normalisation out as mean, variance, difference, product and sum, each a pass over the maps, in float32 even
where the network computes in bfloat16. TensorFlow has all of it in one kernel, with sums in float32 either way. An epoch
of ``cnn`` on MNIST takes a fifth less of the processor (``benchmarks/LOG.md``).
"""

from __future__ import annotations

from typing import Any

import keras


class FusedNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Keras' layer, with its weights and their names; for maps (b, h, w, c) on TensorFlow computed at once."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """What Keras' layer returns, to rounding; but the running variance is of the unbiased kind, n / (n - 1) larger."""
        if len(inputs.shape) != 4 or not self.center:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        offset = tf.convert_to_tensor(self.beta)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones_like(offset)
        known = () if training else (tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance))
        mean, variance = known or (tf.zeros((0,)), tf.zeros((0,)))
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=scale, offset=offset, mean=mean, variance=variance,
            epsilon=self.epsilon, is_training=bool(training),
        )  # fmt: skip
        if training:
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs
