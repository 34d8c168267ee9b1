"""Named ways to train, each with what it was measured to reach. A recipe is a function; calling it gives the settings."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ConfigError, unknown_name
from .config import TrainConfig


def notebook() -> TrainConfig:
    """The original to the letter: Adam at Keras' defaults, batches of 128, ten epochs, float32, no augmentation.

    It validates on the test split, as the notebook does. With a fixed number of epochs nothing is chosen by it, but the
    curve called validation is then no independent check, and convscope says so wherever it shows one.
    """
    return TrainConfig(
        recipe="notebook",
        epochs=10,
        batch_size=128,
        minimum_steps=1,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        schedule="constant",
        warm_up=0.0,
        validation="test",
        validation_fraction=1 / 12,
        shift=0.0,
        precision="float32",
    )


def standard() -> TrainConfig:
    """The default: ten epochs of a one-cycle schedule, shifts by up to a fourteenth of the side, bfloat16 where native.

    On MNIST shifts are by up to 2 pixels and 5,000 of the training images are held out for validation.
    """
    return TrainConfig(
        recipe="standard",
        epochs=10,
        batch_size=128,
        minimum_steps=80,
        learning_rate=0.006,
        beta_1=0.9,
        beta_2=0.95,
        schedule="one-cycle",
        warm_up=0.25,
        validation="held-out",
        validation_fraction=1 / 12,
        shift=1 / 14,
        precision="auto",
    )


RECIPES: dict[str, Callable[[], TrainConfig]] = {"notebook": notebook, "standard": standard}


def find_recipe(recipe: str | TrainConfig) -> TrainConfig:
    """The settings that ``recipe`` names, or ``recipe`` itself where it is some. Raises :class:`ConfigError`."""
    if isinstance(recipe, TrainConfig):
        return recipe
    if recipe not in RECIPES:
        raise ConfigError(unknown_name("recipe", recipe, RECIPES))
    return RECIPES[recipe]()
