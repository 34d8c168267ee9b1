"""The learning rate as a function of the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import TrainConfig

if TYPE_CHECKING:
    import keras


def rate_at(step: int, config: TrainConfig, total_steps: int) -> float:
    """The learning rate of ``step``, from 0: constant, or one cycle.

    One cycle is a triangle: from 0 up to ``config.learning_rate`` over the first ``config.warm_up`` share of the steps,
    then down to 0. After L. N. Smith and N. Topin, "Super-convergence", 2018, without the cycle of the momentum. A step
    counts from its middle, so that the first and the last one move too.
    """
    if config.schedule == "constant":
        return config.learning_rate
    progress = (step + 0.5) / total_steps
    rising = progress / config.warm_up if config.warm_up else 1.0
    falling = (1.0 - progress) / (1.0 - config.warm_up)
    return config.learning_rate * max(min(rising, falling), 0.0)


def learning_rate(config: TrainConfig, total_steps: int) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """:func:`rate_at` as Keras' optimisers take it: a number, or a schedule of tensors."""
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
