"""Adam as one TensorFlow kernel per variable, where Keras uses a dozen operations.

Keras composes a step of Adam from products, squares, roots and sums. Each one is a pass over every weight that
TensorFlow has to trace, optimise and schedule: a fifth of the tracing time of ``cnn`` and a twentieth of a step
(``benchmarks/LOG.md``). TensorFlow's kernel uses the same formula: section 2 of D. Kingma and J. Ba, "Adam", 2015, with
both bias corrections moved into the learning rate.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Keras' Adam, or AdamW with ``weight_decay``, with the same variables, for one device."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update ``variable`` and its moments; equals Keras' step up to rounding."""
        if not isinstance(gradient, tf.Tensor) or variable.dtype != tf.float32 or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        steps = tf.cast(self.iterations.value, tf.float32) + 1
        beta_1, beta_2 = tf.constant(self.beta_1, tf.float32), tf.constant(self.beta_2, tf.float32)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1**steps,
            beta2_power=beta_2**steps,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, tf.float32),
            grad=tf.cast(gradient, tf.float32),
        )
