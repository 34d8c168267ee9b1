"""What a training tells those who listen while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..data.reading import Loaded, Reading
from ..models.network import Network
from .history import EpochRecord


@dataclass(frozen=True, eq=False)
class Built:
    """The network stands, with its first weights; no step has been taken."""

    network: Network
    epochs: int
    epochs_done: int
    """More than 0 where a training goes on that was stopped."""
    num_train: int
    num_validation: int
    validates_on_test: bool
    """Whether those are the test split, as in the recipe ``notebook``."""
    precision: str
    augmentation: str
    """What is done at random to training images, in words; empty where nothing is."""


@dataclass(frozen=True)
class Progress:
    """Where an epoch stands. Comes several times per epoch, and once after it with its ``record``."""

    model_name: str
    epoch: int
    """From 1."""
    epochs: int
    images_done: int
    num_images: int
    loss: float
    """Mean over the epoch so far, in nats."""
    accuracy: float
    seconds: float
    """Since the epoch began."""
    record: EpochRecord | None


Event: TypeAlias = Reading | Loaded | Built | Progress
Listener: TypeAlias = Callable[[Event], None]
