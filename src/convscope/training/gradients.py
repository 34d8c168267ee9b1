"""The gradient of a model's loss by the pixels that it is given, through whatever Keras computes with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError
from ..models.backend import remarks_held, require_backend
from ..models.saving import with_logits
from ..types import Floats, Inputs, Labels

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 250
"""Images at a time; every batch is filled up to it, so that the back-end compiles once."""

Step = Callable[[Any, Any], tuple[Any, Any]]


class InputGradient:
    """Call it with inputs (n, h, w, c) in 0..1 and labels (n,): the gradient of each image's cross-entropy by its pixels,
    (n, h, w, c), and the logits (n, k), both float32.

    ``model`` must end in a dense layer with a softmax. Raises :class:`RunError` where it does not, and :class:`ConfigError` on
    a back-end for which the gradient is not known here.
    """

    def __init__(self, model: keras.Model) -> None:
        name = require_backend()
        steps: dict[str, Callable[[keras.Model], Step]] = {"tensorflow": _tensorflow_step, "jax": _jax_step}
        if name not in steps:
            raise ConfigError(
                f"Keras computes with {name}; tensorflow or jax was expected, for a gradient by the pixels. Set KERAS_BACKEND."
            )
        self._step = steps[name](with_logits(model))

    def __call__(self, inputs: Inputs, labels: Labels) -> tuple[Floats, Floats]:
        parts = [self._batch(inputs[start : start + BATCH_SIZE], labels[start : start + BATCH_SIZE])
                 for start in range(0, len(inputs) or 1, BATCH_SIZE)]  # fmt: skip
        gradients, logits = zip(*parts, strict=True)
        return np.concatenate(gradients), np.concatenate(logits)

    def _batch(self, inputs: Inputs, labels: Labels) -> tuple[Floats, Floats]:
        missing = BATCH_SIZE - len(inputs)
        filled = np.pad(inputs.astype(np.float32, copy=False), [(0, missing), (0, 0), (0, 0), (0, 0)])
        with remarks_held():
            gradients, logits = self._step(filled, np.pad(labels, (0, missing)))
        return np.asarray(gradients)[: len(inputs)], np.asarray(logits)[: len(inputs)]


def _tensorflow_step(model: keras.Model) -> Step:
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator, unused-ignore]
    def step(inputs: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            logits = model(inputs, training=False)["logits"]
            loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return tape.gradient(loss, inputs), logits

    return lambda inputs, labels: step(tf.constant(inputs), tf.constant(labels))  # type: ignore[no-any-return, unused-ignore]


def _jax_step(model: keras.Model) -> Step:
    import jax

    trained = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]

    def loss(inputs: Any, labels: Any) -> tuple[Any, Any]:
        logits = model.stateless_call(trained, others, inputs, training=False)[0]["logits"]
        likely = jax.nn.log_softmax(logits)
        return -jax.numpy.take_along_axis(likely, labels[:, None], axis=1).sum(), logits

    gradient = jax.jit(jax.grad(loss, has_aux=True))
    return lambda inputs, labels: gradient(inputs, labels)
