"""Everything that decides how a training goes, in one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..errors import ConfigError
from .augmentation import Augmentation, parse_augmentation

LEAST_BATCH = 8
"""Images of fewer tell a normalisation nothing: by itself alone every image looks the same."""
SETTLING = 0.3
"""Augmentation in the settling epochs, as a share of what it is before."""


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training. ``dataclasses.replace`` makes a variation of a recipe.

    Raises :class:`ConfigError` for a setting out of range.
    """

    recipe: str
    """The name that the run's record and folder carry."""
    epochs: int
    batch_size: int
    """Images per step, at most: a set so small that an epoch had fewer than ``min_steps_per_epoch`` steps gets less…"""
    min_steps_per_epoch: int
    """…but no less than :data:`LEAST_BATCH`: a still smaller set is gone through several times in an epoch."""
    drop_remainder: bool
    """Whether the images left over after the last full batch wait for another epoch, which shuffles anew. So every step is
    of one size, on any number of devices."""
    optimizer: Literal["adam", "adamw"]
    learning_rate: float
    """Constant, or the peak of the schedule."""
    beta_1: float
    beta_2: float
    weight_decay: float
    """Decoupled from the gradient (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019); ``adamw`` only."""
    label_smoothing: float
    """Share of the target that is spread evenly over all classes (Szegedy et al., 2016)."""
    batch_normalization: bool
    """Whether layers with a bias and a ReLU are normalised while training, and the normalisation folded into their
    weights at the end, so that the network that comes out has none (:mod:`convscope.training.twin`)."""
    crop_unused_pixels: bool
    """Whether to leave out the rows and columns at the bottom and on the right that can never reach the output. Less work
    for the same function; of convscope's own networks only."""
    schedule: Literal["constant", "one-cycle"]
    warm_up: float
    """Share of the steps in which a one-cycle schedule rises to its peak; it falls to zero in the rest."""
    validation: Literal["held-out", "test"]
    """``held-out``: a stratified part of the training images. ``test``: the test split, as the notebook does it."""
    validation_fraction: float
    """Share of the training images that is held out…"""
    max_validation_images: int
    """…but no more images than this: beyond a few thousand they are worth more in the training."""
    augmentation: Augmentation
    """What is done at random to training images; chosen so that it is safe for any kind of class."""
    final_epochs_less_augmented: int
    """The last epochs, in which augmentation is down to a third, so that the network ends on images as they are."""
    precision: Literal["auto", "float32"]
    """``auto``: mixed bfloat16 where the CPU multiplies it natively and faster than float32, which is used elsewhere."""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "a whole number of at least 1")
        _require(
            self.final_epochs_less_augmented >= 0,
            "final_epochs_less_augmented",
            self.final_epochs_less_augmented,
            "0 or more",
        )
        _require(self.batch_size >= 1, "batch_size", self.batch_size, "a whole number of at least 1")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "more than 0")
        _require(0 <= self.warm_up < 1, "warm_up", self.warm_up, "0 or more and less than 1")
        _require(0 < self.validation_fraction < 1, "validation_fraction", self.validation_fraction, "between 0 and 1")
        _require(
            self.max_validation_images >= 1,
            "max_validation_images",
            self.max_validation_images,
            "a whole number of at least 1",
        )
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "0 or more and less than 1")

    def held_out_share(self, num_images: int) -> float:
        """The share of ``num_images`` training images that is held out for validation."""
        return held_out_share(self.validation_fraction, self.max_validation_images, num_images)

    def with_epochs(self, epochs: int | None) -> TrainConfig:
        """The same for another number of epochs; ``None`` keeps the recipe's own."""
        if epochs is None:
            return self
        if isinstance(epochs, bool) or not isinstance(epochs, int):
            raise ConfigError(f"epochs={epochs!r} is a {type(epochs).__name__}; a whole number of at least 1 was expected.")
        return replace(self, epochs=epochs)

    def with_augmentation(self, augment: str | Augmentation | None) -> TrainConfig:
        """The same with other augmentation, given whole or as :func:`parse_augmentation` reads it; ``None`` keeps it."""
        if augment is None:
            return self
        chosen = augment if isinstance(augment, Augmentation) else parse_augmentation(augment, self.augmentation)
        return replace(self, augmentation=chosen)

    def augmentation_in(self, epoch: int) -> Augmentation:
        """What is done to training images in ``epoch`` (from 0)."""
        return (
            self.augmentation.times(SETTLING)
            if epoch >= self.epochs - self.final_epochs_less_augmented
            else self.augmentation
        )

    def batch_size_for(self, num_images: int) -> int:
        """Images per step for a training split of ``num_images``: never so many that an epoch has too few steps."""
        return max(1, min(self.batch_size, num_images * self.passes_for(num_images) // self.min_steps_per_epoch))

    def passes_for(self, num_images: int) -> int:
        """How often an epoch goes through a training split of ``num_images``: once, unless it is very small."""
        least = self.min_steps_per_epoch * min(self.batch_size, LEAST_BATCH) if self.min_steps_per_epoch > 1 else 0
        return max(1, -(-least // max(num_images, 1)))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def held_out_share(fraction: float, most: int, num_images: int) -> float:
    """``fraction`` of ``num_images``, but no more than ``most`` images, as a share."""
    return min(fraction, most / num_images)


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name}={value} cannot be trained with; {expected} was expected.")
