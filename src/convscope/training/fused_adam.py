"""Adam in one kernel per variable where Keras takes a dozen. Imports Keras and TensorFlow, so the optimisers import it last.

Keras writes a step of Adam out as products, squares, roots and sums, each a pass over every weight, and each one more thing
for TensorFlow to trace, to optimise and to schedule: a fifth of the tracing of ``cnn``'s step, and a twentieth of the step
(``benchmarks/LOG.md``). TensorFlow has the whole of it in one kernel, by the same formula: section 2 of D. Kingma and J. Ba,
"Adam", 2015, with the two corrections drawn into the learning rate.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Keras' optimiser, with its variables and their names; AdamW where it is given a ``weight_decay``. For one device."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """What Keras' step does to ``variable`` and its moments, to rounding."""
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
