"""From settings to one of Keras' optimisers and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import TrainConfig
from .schedule import learning_rate

if TYPE_CHECKING:
    import keras

PLAIN_LOSS = "plain_loss"
"""The metric that a smoothed loss has beside it."""


def make_optimizer(config: TrainConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimiser for a training of ``total_steps`` steps."""
    from keras import optimizers

    rate = learning_rate(config, total_steps)
    if config.optimizer == "adamw":
        return optimizers.AdamW(rate, weight_decay=config.weight_decay, beta_1=config.beta_1, beta_2=config.beta_2)
    return optimizers.Adam(rate, beta_1=config.beta_1, beta_2=config.beta_2)


def make_loss(config: TrainConfig) -> Any:
    """Mean negative log-likelihood of the labels (b,) under the probabilities (b, k), in nats, smoothed as asked for."""
    if not config.label_smoothing:
        return "sparse_categorical_crossentropy"
    import keras

    share = config.label_smoothing

    def smoothed(labels: Any, probabilities: Any) -> Any:
        likelihood = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        # Against the even distribution: the mean of -log p over all classes.
        evenly = -keras.ops.mean(keras.ops.log(keras.ops.maximum(probabilities, keras.config.epsilon())), axis=-1)
        return (1 - share) * likelihood + share * evenly

    return smoothed


def make_metrics(config: TrainConfig) -> list[Any]:
    """Accuracy; and, where the loss is smoothed, the plain loss beside it, since that is what a history shows.

    By their classes, not by name: what is named is made while the first step is traced, which is then traced twice.
    """
    import keras

    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return [accuracy, keras.metrics.SparseCategoricalCrossentropy(name=PLAIN_LOSS)] if config.label_smoothing else [accuracy]
