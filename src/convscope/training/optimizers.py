"""Keras' optimiser, loss and metrics for the settings of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import TrainConfig
from .schedule import learning_rate

if TYPE_CHECKING:
    import keras

PLAIN_LOSS = "plain_loss"
"""Name of the metric for the loss without label smoothing."""


def make_optimizer(config: TrainConfig, total_steps: int, *, devices: int = 1) -> keras.optimizers.Optimizer:
    """Return the optimiser for a training of ``total_steps`` steps on ``devices`` devices."""
    import keras

    rate = learning_rate(config, total_steps)
    moments = {"beta_1": config.beta_1, "beta_2": config.beta_2}
    decay = {"weight_decay": config.weight_decay} if config.optimizer == "adamw" else {}
    if config.precision == "auto" and devices == 1 and keras.backend.backend() == "tensorflow":
        from .keras_ext.fused_adam import FusedAdam

        return FusedAdam(rate, **moments, **decay)
    return (keras.optimizers.AdamW if decay else keras.optimizers.Adam)(rate, **moments, **decay)


def make_loss(config: TrainConfig, *, from_logits: bool = False) -> Any:
    """Return the loss: the mean negative log-likelihood in nats, with label smoothing."""
    import keras

    if not config.label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    share = config.label_smoothing

    def smoothed(labels: Any, outputs: Any) -> Any:
        likelihood = keras.losses.sparse_categorical_crossentropy(labels, outputs, from_logits=from_logits)
        # The cross-entropy with the uniform distribution is the mean of -log p over all classes.
        uniform = -keras.ops.mean(_log_probabilities(outputs, from_logits), axis=-1)
        return (1 - share) * likelihood + share * uniform

    return smoothed


def _log_probabilities(outputs: Any, from_logits: bool) -> Any:
    import keras

    if from_logits:
        return keras.ops.log_softmax(outputs, axis=-1)
    return keras.ops.log(keras.ops.maximum(outputs, keras.config.epsilon()))


def make_metrics(config: TrainConfig, *, from_logits: bool = False) -> list[Any]:
    """Return the metrics: accuracy and, if the loss is smoothed, the plain loss."""
    import keras

    # Metrics given by name are created while the first step is traced, so that TensorFlow traces it twice.
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if not config.label_smoothing:
        return [accuracy]
    return [accuracy, keras.metrics.SparseCategoricalCrossentropy(name=PLAIN_LOSS, from_logits=from_logits)]
