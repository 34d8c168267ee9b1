"""The gradient of a model's loss with respect to its input pixels, on TensorFlow or JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..models.backend import quiet_tensorflow_log, require_backend
from ..models.saving import with_logits
from ..types import Floats, Inputs, Labels
from .keras_ext.devices import seeded

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 100
"""Images per batch. Every batch is padded to this size so that the back-end compiles once; large batches would waste work
in attacks, which continue with fewer and fewer images."""
Step = Callable[[Any, Any], tuple[Any, Any]]
Forward = Callable[[Any], Any]


class InputGradient:
    """The gradient of each image's cross-entropy with respect to its pixels, as a callable.

    Equal calls give equal numbers, also in another process with the same number of threads on the same machine. For
    this, TensorFlow's deterministic kernels are turned on, and they stay on.
    """

    def __init__(self, model: keras.Model) -> None:
        """Compile the gradient of ``model``; RunError unless it ends in a dense layer with a softmax."""
        name = require_backend()
        steps: dict[str, Callable[[keras.Model], tuple[Step, Forward]]] = {"tensorflow": _tensorflow, "jax": _jax}
        if name not in steps:
            raise ConfigError(f"input gradients need the back-end tensorflow or jax; Keras uses {name}. Set KERAS_BACKEND.")
        with seeded(0):
            self._step, self._forward = steps[name](with_logits(model))

    def __call__(self, inputs: Inputs, labels: Labels) -> tuple[Floats, Floats]:
        """Return the gradients (n, h, w, c) and the logits (n, k), both float32."""
        with quiet_tensorflow_log():
            parts = [self._step(_padded(inputs[part], np.float32), _padded(labels[part])) for part in _batches(inputs)]
        gradients, logits = (_joined(each, len(inputs)) for each in zip(*parts, strict=True))
        return gradients, logits

    def logits(self, inputs: Inputs) -> Floats:
        """Return only the logits (n, k) float32, for a third of the work."""
        with quiet_tensorflow_log():
            parts = [self._forward(_padded(inputs[part], np.float32)) for part in _batches(inputs)]
        return _joined(parts, len(inputs))


def _batches(inputs: Inputs) -> list[slice]:
    """Return the slices of the batches: at least one, so that empty input has a result."""
    return [slice(start, start + BATCH_SIZE) for start in range(0, len(inputs) or 1, BATCH_SIZE)]


def _padded(values: npt.NDArray[Any], dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    padded = np.zeros((BATCH_SIZE, *values.shape[1:]), dtype or values.dtype)
    padded[: len(values)] = values
    return padded


def _joined(parts: Sequence[Any], number: int) -> Floats:
    return np.concatenate([np.asarray(part) for part in parts])[:number]


def _tensorflow(model: keras.Model) -> tuple[Step, Forward]:
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator, unused-ignore]
    def step(inputs: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            logits = model(inputs, training=False)["logits"]
            total = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return tape.gradient(total, inputs), logits

    @tf.function  # type: ignore[untyped-decorator, unused-ignore]
    def forward(inputs: Any) -> Any:
        return model(inputs, training=False)["logits"]

    return lambda *given: step(*map(tf.constant, given)), lambda inputs: forward(tf.constant(inputs))


def _jax(model: keras.Model) -> tuple[Step, Forward]:
    import jax

    trained = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]

    def forward(inputs: Any) -> Any:
        return model.stateless_call(trained, others, inputs, training=False)[0]["logits"]

    def loss(inputs: Any, labels: Any) -> tuple[Any, Any]:
        logits = forward(inputs)
        log_probabilities = jax.nn.log_softmax(logits)
        return -jax.numpy.take_along_axis(log_probabilities, labels[:, None], axis=1).sum(), logits

    step = jax.jit(jax.grad(loss, has_aux=True))
    # Wrapped, since jax.jit's own type does not say what comes back.
    return lambda *given: step(*given), jax.jit(forward)
