"""The learning rate as a function of the step: constant, or one cycle."""

from .config import TrainConfig


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
