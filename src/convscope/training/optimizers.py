"""From settings to one of Keras' optimisers and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import TrainConfig
from .schedule import learning_rate

if TYPE_CHECKING:
    import keras

PLAIN_LOSS = "plain_loss"
"""The metric that a smoothed loss has beside it."""


def make_optimizer(config: TrainConfig, total_steps: int, *, devices: int = 1) -> keras.optimizers.Optimizer:
    """The optimiser for a training of ``total_steps`` steps on so many ``devices``."""
    import keras

    rate = learning_rate(config, total_steps)
    moments = {"beta_1": config.beta_1, "beta_2": config.beta_2}
    decay = {"weight_decay": config.weight_decay} if config.optimizer == "adamw" else {}
    if config.precision == "auto" and devices == 1 and keras.backend.backend() == "tensorflow":
        from .fused_adam import FusedAdam

        return FusedAdam(rate, **moments, **decay)
    return (keras.optimizers.AdamW if decay else keras.optimizers.Adam)(rate, **moments, **decay)


def make_loss(config: TrainConfig, *, from_logits: bool = False) -> Any:
    """Mean negative log-likelihood of the labels (b,) under the probabilities (b, k), in nats, smoothed as asked for.

    ``from_logits``: the network answers with logits, not with probabilities.
    """
    import keras

    if not config.label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    share = config.label_smoothing

    def smoothed(labels: Any, answers: Any) -> Any:
        likelihood = keras.losses.sparse_categorical_crossentropy(labels, answers, from_logits=from_logits)
        # Against the even distribution: the mean of -log p over all classes.
        evenly = -keras.ops.mean(_logarithms(answers, from_logits), axis=-1)
        return (1 - share) * likelihood + share * evenly

    return smoothed


def _logarithms(answers: Any, from_logits: bool) -> Any:
    import keras

    if from_logits:
        return keras.ops.log_softmax(answers, axis=-1)
    return keras.ops.log(keras.ops.maximum(answers, keras.config.epsilon()))


def make_metrics(config: TrainConfig, *, from_logits: bool = False) -> list[Any]:
    """Accuracy; and, where the loss is smoothed, the plain loss beside it, since that is what a history shows.

    By their classes, not by name: what is named is made while the first step is traced, which is then traced twice.
    """
    import keras

    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if not config.label_smoothing:
        return [accuracy]
    return [accuracy, keras.metrics.SparseCategoricalCrossentropy(name=PLAIN_LOSS, from_logits=from_logits)]
