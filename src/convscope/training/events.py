"""The events that a training reports to its ``progress`` function."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from ..data.read_options import DatasetChecked, DatasetLoaded, ReadProgress
from ..models.network import Network
from .history import EpochRecord


@dataclass(frozen=True, eq=False)
class TrainingStarted:
    """The network is built, and the first step is about to be taken."""

    network: Network
    """The network with its initial weights."""
    epochs: int
    epochs_done: int
    """Above 0 for a resumed training."""
    num_train: int
    repeats: int
    """Passes over the training images per epoch: more than one where they are few."""
    num_validation: int
    validates_on_test: bool
    """Whether the validation images are the test split, as in the recipe ``notebook``."""
    engine: str
    """``"native"`` or ``"keras"``."""
    engine_reason: str
    """Why Keras trains the network although the native engine would be faster; empty if there is no such reason."""
    augmentation: str
    """A description of the augmentation; empty if there is none."""


@dataclass(frozen=True)
class TrainProgress:
    """The state of an epoch, reported several times per epoch and once at its end."""

    model_name: str
    epoch: int
    """The current epoch, from 1."""
    epochs: int
    images_done: int
    num_images: int
    loss: float
    """Mean loss over the epoch so far, in nats."""
    accuracy: float
    """Mean accuracy over the epoch so far, in 0..1."""
    seconds: float
    """Time since the epoch began."""
    record: EpochRecord | None
    """The result of the epoch, in its last event."""
    seconds_left: float = inf
    """Until the time limit, if there is one."""


Event: TypeAlias = ReadProgress | DatasetLoaded | DatasetChecked | TrainingStarted | TrainProgress
Listener: TypeAlias = Callable[[Event], None]
