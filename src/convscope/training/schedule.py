"""The learning rate as a function of the step: constant, or one cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import TrainConfig

if TYPE_CHECKING:
    import keras


def rate_at(step: int, config: TrainConfig, total_steps: int) -> float:
    """Return the learning rate of ``step``, counted from 0.

    One cycle is a triangle: it rises from 0 to ``config.learning_rate`` over the share ``config.warm_up`` of the steps,
    then falls to 0. It follows L. N. Smith and N. Topin, "Super-convergence", 2018, without cycling the momentum.
    """
    if config.schedule == "constant":
        return config.learning_rate
    # The middle of the step, so that neither the first nor the last one has a rate of 0.
    progress = (step + 0.5) / total_steps
    rising = progress / config.warm_up if config.warm_up else 1.0
    falling = (1.0 - progress) / (1.0 - config.warm_up)
    return config.learning_rate * max(min(rising, falling), 0.0)


def learning_rate(config: TrainConfig, total_steps: int) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """Return :func:`rate_at` in the form of Keras' optimisers: a number or a schedule."""
    if config.schedule == "constant":
        return config.learning_rate
    import keras

    class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            progress = (keras.ops.cast(step, "float32") + 0.5) / total_steps
            rising = progress / config.warm_up if config.warm_up else keras.ops.ones_like(progress)
            falling = (1.0 - progress) / (1.0 - config.warm_up)
            return config.learning_rate * keras.ops.maximum(keras.ops.minimum(rising, falling), 0.0)

        def get_config(self) -> dict[str, Any]:
            return {"total_steps": total_steps, **config.as_dict()}

    return OneCycle()
