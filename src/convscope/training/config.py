"""Everything that decides how a training goes, in one frozen dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..errors import ConfigError


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training. ``dataclasses.replace`` makes a variation of a recipe.

    Raises :class:`ConfigError` for a setting out of range.
    """

    recipe: str
    """The name that the run's record and folder carry."""
    epochs: int
    batch_size: int
    """Images per step, at most: a set so small that an epoch had fewer than ``minimum_steps`` steps gets less."""
    minimum_steps: int
    learning_rate: float
    """Adam's: constant, or the peak of the schedule."""
    beta_1: float
    beta_2: float
    schedule: Literal["constant", "one-cycle"]
    warm_up: float
    """Share of the steps in which a one-cycle schedule rises to its peak; it falls to zero in the rest."""
    validation: Literal["held-out", "test"]
    """``held-out``: a stratified part of the training images. ``test``: the test split, as the notebook does it."""
    validation_fraction: float
    """Share of the training images that is held out."""
    shift: float
    """Training images are shifted at random, by up to this share of their side. 0 turns it off. The only augmentation,
    because it is safe for any kind of class: nothing is mirrored or turned."""
    precision: Literal["auto", "float32"]
    """``auto``: mixed bfloat16 where the CPU computes it natively, else float32."""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "a whole number of at least 1")
        _require(self.batch_size >= 1, "batch_size", self.batch_size, "a whole number of at least 1")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "more than 0")
        _require(0 <= self.warm_up < 1, "warm_up", self.warm_up, "0 or more and less than 1")
        _require(0 < self.validation_fraction < 1, "validation_fraction", self.validation_fraction, "between 0 and 1")
        _require(0 <= self.shift < 0.5, "shift", self.shift, "0 or more and less than 0.5")

    def with_epochs(self, epochs: int | None) -> TrainConfig:
        """The same for another number of epochs; ``None`` keeps the recipe's own."""
        if epochs is None:
            return self
        if isinstance(epochs, bool) or not isinstance(epochs, int):
            raise ConfigError(f"epochs={epochs!r} is a {type(epochs).__name__}; a whole number of at least 1 was expected.")
        return replace(self, epochs=epochs)

    def batch_size_for(self, num_images: int) -> int:
        """Images per step for a training split of ``num_images``: never so many that an epoch has too few steps."""
        return max(1, min(self.batch_size, num_images // self.minimum_steps or 1))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name}={value} cannot be trained with; {expected} was expected.")
