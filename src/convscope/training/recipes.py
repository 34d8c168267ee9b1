"""Recipes: named training settings with measured accuracies and times.

A recipe is a function that returns a :class:`TrainConfig`. Accuracies are means ± standard deviations over n seeds on
the test split of MNIST. Times run from the start of the command to its end, in seconds and relative to the original
notebook on the same machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..data.dataset import Dataset
from ..errors import ConfigError, unknown_name
from ..system.arguments import checked
from ..types import RecipeName
from .augmentation import Augmentation
from .config import SETTINGS, TrainConfig
from .recipe_rule import TrainingSet, adapted


def notebook() -> TrainConfig:
    """Return the settings of the original notebook: ten epochs of Adam, no augmentation.

    Like the notebook, it validates on the test split. The number of epochs is fixed, so no decision depends on that
    curve, but it is not independent of the result either; convscope points this out wherever it shows the curve.

    MNIST: 99.01%, n = 1. Time: 11.3 s, 0.194 of the original notebook's (Intel(R) Xeon(R) Processor, 2 cores, native
    engine).
    """
    return TrainConfig(
        recipe="notebook",
        epochs=10,
        batch_size=128,
        min_steps_per_epoch=1,
        drop_remainder=False,
        optimizer="adam",
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        weight_decay=0.0,
        label_smoothing=0.0,
        batch_normalization=False,
        schedule="constant",
        warm_up=0.0,
        validation="test",
        validation_fraction=1 / 12,
        max_validation_images=5000,
        augmentation=Augmentation(),
        final_epochs_less_augmented=0,
    )


def sprint() -> TrainConfig:
    """Return the fastest settings: one epoch, with batch normalisation of dense layers and label smoothing.

    The normalisation is folded into the weights at the end, so the trained network has none.

    MNIST: 99.22 ± 0.06%, n = 30. Time: 2.4 s, 0.039 of the original notebook's (Intel(R) Xeon(R) Processor, 2 cores,
    native engine).
    """
    return replace(
        notebook(),
        recipe="sprint",
        epochs=1,
        batch_size=96,
        min_steps_per_epoch=80,
        drop_remainder=True,
        learning_rate=0.012,
        beta_1=0.85,
        beta_2=0.95,
        label_smoothing=0.05,
        batch_normalization=True,
        schedule="one-cycle",
        warm_up=0.25,
        validation="held-out",
        max_validation_images=3000,
    )


def standard() -> TrainConfig:
    """Return the default settings, those for MNIST: four epochs, with shifts by one pixel.

    The rest is as in ``sprint``, with a lower learning rate. By its name, the recipe adapts to other training sets
    (:func:`convscope.training.recipe_rule.adapted`).

    MNIST: 99.51 ± 0.06%, n = 10. Time: 5.1 s, 0.082 of the original notebook's (Intel(R) Xeon(R) Processor, 2 cores,
    native engine).
    """
    return replace(
        sprint(),
        recipe="standard",
        epochs=4,
        learning_rate=0.01,
        augmentation=Augmentation(shift=1 / 28),
    )


def best() -> TrainConfig:
    """Return the most accurate settings for ``cnn``: 20 epochs with more augmentation.

    Images are shifted, rotated, scaled and sheared; the last two epochs reduce the augmentation to 30%. The rest is as in
    ``standard``, with a lower learning rate.

    MNIST: 99.60 ± 0.04%, n = 10. Time: 20.5 s, 0.353 of the original notebook's (Intel(R) Xeon(R) Processor, 2 cores,
    native engine).
    """
    return replace(
        standard(),
        recipe="best",
        epochs=20,
        learning_rate=0.008,
        augmentation=Augmentation(shift=1 / 14, rotation=8, scaling=0.1, shear=0.1),
        final_epochs_less_augmented=2,
    )


def strong() -> TrainConfig:
    """Return the settings for the network ``strong``: 24 epochs of AdamW, with more augmentation.

    The rest is as in ``best``, in larger batches with a lower learning rate.

    MNIST: 99.72 ± 0.03%, n = 3. Time: 214.2 s, 3.686 of the original notebook's (Intel(R) Xeon(R) Processor, 2 cores,
    native engine).
    """
    return replace(
        best(),
        recipe="strong",
        epochs=24,
        batch_size=128,
        optimizer="adamw",
        learning_rate=0.006,
        beta_1=0.9,
        weight_decay=0.01,
        augmentation=Augmentation(shift=1 / 14, rotation=12, scaling=0.12, shear=0.15),
    )


RECIPES: dict[str, Callable[[], TrainConfig]] = {
    "best": best,
    "notebook": notebook,
    "sprint": sprint,
    "standard": standard,
    "strong": strong,
}


ADAPTING = "standard"


def find_recipe(recipe: str | TrainConfig, training_set: TrainingSet | None = None) -> TrainConfig:
    """Return the settings that ``recipe`` names, for ``training_set``; settings are returned unchanged.

    ConfigError for other names.
    """
    if isinstance(recipe, TrainConfig):
        return recipe
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise ConfigError(unknown_name("recipe", recipe, RECIPES))
    config = RECIPES[recipe]()
    return adapted(config, training_set) if training_set and recipe == ADAPTING else config


def changed_settings(config: Mapping[str, Any], training_set: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return what :meth:`TrainConfig.with_settings` makes ``config`` of its recipe with; None without a recipe of that name.

    ``training_set`` is what the recipe was adapted to, as ``run.json`` holds it; None for runs of earlier versions.
    """
    if config["recipe"] not in RECIPES:
        return None
    recipe = find_recipe(config["recipe"], TrainingSet.from_dict(training_set) if training_set else None)
    own, found = (_by_name(each) for each in (recipe.as_dict(), config))
    changed = {name: found[name] for name in SETTINGS if found.get(name, own[name]) != own[name]}
    if "batch_size" in changed:  # which alone turns shrinking off
        shrinks = found.get("shrink_batches", True)
        changed = {name: value for name, value in changed.items() if name != "shrink_batches"}
        changed |= {"shrink_batches": True} if shrinks else {}
    if "time" in changed:  # which alone lets the training go on
        changed["max_cycles"] = found["max_cycles"]
    return changed


def _by_name(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**config, **config.get("augmentation", {})}


@checked
def recipe(name: RecipeName, data: Dataset | None = None, **settings: Any) -> TrainConfig:
    """Return the settings of a recipe, with other values for any of them.

    Args:
        name: The name of a recipe.
        data: The dataset to adapt ``standard`` to; without it, its settings are those for MNIST.
        settings: Other values by name; :data:`convscope.training.config.SETTINGS` lists the names.

    Raises:
        ConfigError: The recipe or a setting is unknown, or a value is out of range.

    >>> convscope.train("mnist", recipe=convscope.recipe("standard", batch_size=64))
    """
    return find_recipe(name, None if data is None else TrainingSet.of(data)).with_settings(settings)
