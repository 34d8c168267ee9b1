"""All settings of a training, in one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..errors import ConfigError
from .augmentation import Augmentation, parse_augmentation

MIN_BATCH = 8
"""Smallest batch for which batch statistics are usable."""
FINAL_AUGMENTATION = 0.3
"""Augmentation in the last epochs, as a share of the full one."""


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training; vary a recipe with ``dataclasses.replace``.

    Raises:
        ConfigError: A setting is out of range.
    """

    recipe: str
    """The name of the recipe, which the run folder and its files show."""
    epochs: int
    batch_size: int
    """Images per step. Small training sets use smaller batches; see ``min_steps_per_epoch``."""
    min_steps_per_epoch: int
    """The minimum number of steps per epoch. Batches shrink to reach it, down to :data:`MIN_BATCH` images; with even
    fewer training images, an epoch passes over them several times."""
    drop_remainder: bool
    """Whether an epoch omits the images left over after its last full batch, so that all steps have one size. Each epoch
    shuffles anew, so it omits others."""
    optimizer: Literal["adam", "adamw"]
    learning_rate: float
    """The learning rate, or the peak of a one-cycle schedule."""
    beta_1: float
    """Decay rate of the gradients' first moment."""
    beta_2: float
    """Decay rate of the gradients' second moment."""
    weight_decay: float
    """Decoupled weight decay, for ``adamw`` only (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019)."""
    label_smoothing: float
    """Share of the target that is spread evenly over all classes (Szegedy et al., 2016)."""
    batch_normalization: bool
    """Whether hidden dense layers get batch normalisation during training. It is folded into their weights at the end, so
    the trained network has none (:mod:`convscope.training.foldable_batch_norm`)."""
    schedule: Literal["constant", "one-cycle"]
    """How the learning rate changes over the steps."""
    warm_up: float
    """Share of the steps in which a one-cycle schedule rises to its peak; in the rest it falls to 0."""
    validation: Literal["held-out", "test"]
    """``held-out``: a stratified part of the training split. ``test``: the test split, as in the original notebook."""
    validation_fraction: float
    """Share of the training split that is held out for validation."""
    max_validation_images: int
    """The maximum number of images to hold out; beyond a few thousand, an image is worth more in the training."""
    augmentation: Augmentation
    final_epochs_less_augmented: int
    """The number of last epochs with augmentation reduced to 30%, so that the training ends on nearly unchanged images."""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "a whole number of at least 1")
        fewer = self.final_epochs_less_augmented
        _require(fewer >= 0, "final_epochs_less_augmented", fewer, "at least 0")
        _require(self.batch_size >= 1, "batch_size", self.batch_size, "a whole number of at least 1")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "more than 0")
        _require(0 <= self.warm_up < 1, "warm_up", self.warm_up, "at least 0 and less than 1")
        _require(0 < self.validation_fraction < 1, "validation_fraction", self.validation_fraction, "between 0 and 1")
        most = self.max_validation_images
        _require(most >= 1, "max_validation_images", most, "a whole number of at least 1")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "at least 0")
        _require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "at least 0 and less than 1")

    def validation_share(self, num_images: int) -> float:
        """Return the share of ``num_images`` training images to hold out for validation."""
        return validation_share(self.validation_fraction, self.max_validation_images, num_images)

    def with_epochs(self, epochs: int | None) -> TrainConfig:
        """Return the settings with another number of epochs; None keeps the number."""
        if epochs is None:
            return self
        if isinstance(epochs, bool) or not isinstance(epochs, int):
            raise ConfigError(f"epochs must be a whole number of at least 1; got {epochs!r}, a {type(epochs).__name__}.")
        return replace(self, epochs=epochs)

    def with_augmentation(self, augment: str | Augmentation | None) -> TrainConfig:
        """Return the settings with other augmentation, which may be text for ``parse_augmentation``; None keeps it."""
        if augment is None:
            return self
        chosen = augment if isinstance(augment, Augmentation) else parse_augmentation(augment, self.augmentation)
        return replace(self, augmentation=chosen)

    def augmentation_in(self, epoch: int) -> Augmentation:
        """Return the augmentation in ``epoch``, counted from 0."""
        is_final = epoch >= self.epochs - self.final_epochs_less_augmented
        return self.augmentation.times(FINAL_AUGMENTATION) if is_final else self.augmentation

    def batch_size_for(self, num_images: int) -> int:
        """Return the images per step, reduced if an epoch would have too few steps."""
        return max(1, min(self.batch_size, num_images * self.repeats_per_epoch(num_images) // self.min_steps_per_epoch))

    def repeats_per_epoch(self, num_images: int) -> int:
        """Return the passes per epoch: one, unless there are very few training images."""
        needed = self.min_steps_per_epoch * min(self.batch_size, MIN_BATCH) if self.min_steps_per_epoch > 1 else 0
        return max(1, -(-needed // max(num_images, 1)))

    def as_dict(self) -> dict[str, Any]:
        """Return all settings, ready for JSON."""
        return asdict(self)


def validation_share(fraction: float, most: int, num_images: int) -> float:
    """Return ``fraction``, limited to the share of ``most`` among ``num_images`` images."""
    return min(fraction, most / num_images)


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name} must be {expected}; got {value}.")
