"""Keras' optimizer, learning rate, loss and metrics for the settings of a training."""

from typing import Any

import keras

from ..config import TrainConfig

PLAIN_LOSS = "plain_loss"
"""Name of the metric for the loss without label smoothing and class weights."""


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """:meth:`TrainConfig.rate_at` of a one-cycle schedule, as Keras' optimizers take it."""

    def __init__(self, peak: float, warm_up: float, total_steps: int) -> None:
        super().__init__()
        self.peak, self.warm_up, self.total_steps = peak, warm_up, total_steps

    def __call__(self, step: Any) -> Any:
        progress = (keras.ops.cast(step, "float32") + 0.5) / self.total_steps
        rising = progress / self.warm_up if self.warm_up else keras.ops.ones_like(progress)
        falling = (1.0 - progress) / (1.0 - self.warm_up)
        return self.peak * keras.ops.maximum(keras.ops.minimum(rising, falling), 0.0)

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "warm_up": self.warm_up, "total_steps": self.total_steps}


def is_fixed(config: TrainConfig) -> bool:
    """Return whether the steps alone decide the learning rates, so that the graph of a step can compute them."""
    return not config.time and config.max_cycles == 1


def make_optimizer(config: TrainConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer for a training of ``total_steps`` steps; its learning rate is to be set where it is not fixed."""
    rate: Any = config.learning_rate
    if config.schedule == "one-cycle" and is_fixed(config):
        rate = OneCycle(config.learning_rate, config.warm_up, total_steps)
    moments = {"beta_1": config.beta_1, "beta_2": config.beta_2}
    if config.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, **moments)
    return keras.optimizers.Adam(rate, **moments)


def make_loss(config: TrainConfig) -> Any:
    """Return the loss of probabilities: the mean negative log-likelihood in nats, with label smoothing."""
    if not config.label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy()
    share = config.label_smoothing

    def smoothed(labels: Any, probabilities: Any) -> Any:
        likelihood = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        # The cross-entropy with the uniform distribution is the mean of -log p over all classes.
        uniform = -keras.ops.mean(keras.ops.log(keras.ops.maximum(probabilities, keras.config.epsilon())), axis=-1)
        return (1 - share) * likelihood + share * uniform

    return smoothed


def make_metrics(config: TrainConfig) -> list[Any]:
    """Return the metrics: accuracy and, if the loss is smoothed or weighted, the plain loss."""
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if not config.label_smoothing and config.balance != "weights":
        return [accuracy]
    return [accuracy, keras.metrics.SparseCategoricalCrossentropy(name=PLAIN_LOSS)]
