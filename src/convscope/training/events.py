"""The events that a training reports to its ``progress`` function, and their words on a terminal and in a notebook."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol, TypeAlias

from ..data.read_options import DatasetChecked, DatasetLoaded, ReadProgress
from ..errors import ConfigError, ConvscopeError, reason_of
from ..models.network import Network
from ..system.memory import in_bytes
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


def remarks(event: DatasetLoaded | DatasetChecked) -> list[str]:
    """Return what was done to the data, or what looks odd in them."""
    return [f"{event.name}: {each}" for each in (event.notes if isinstance(event, DatasetLoaded) else event.problems)]


def read_state(event: ReadProgress) -> str:
    """Return how much is read, such as ``12 of 500``."""
    done, total = (in_bytes(number) if event.unit == "bytes" else f"{number:,}" for number in (event.done, event.total))
    return f"{done} of {total}"


def epoch_name(event: TrainProgress) -> str:
    """Return the network and the number of the epoch."""
    width = len(str(event.epochs))
    return f"{event.model_name} epoch {event.epoch:{width}d}/{event.epochs}"


def epoch_state(event: TrainProgress) -> str:
    """Return loss, accuracy, speed and the seconds that are left."""
    rate = event.images_done / event.seconds if event.seconds else 0.0
    numbers = f"loss {event.loss:.4f}  accuracy {event.accuracy:.4f}"
    if event.record is not None:
        record = event.record
        left = (event.epochs - event.epoch) * record.seconds
        numbers += f"  val_loss {record.val_loss:.4f}  val_accuracy {record.val_accuracy:.4f}"
    else:
        left = (event.num_images * (event.epochs - event.epoch + 1) - event.images_done) / rate if rate else 0.0
    left = min(left, event.seconds_left)
    ending = f"  {left:.0f} s left" if event.epoch < event.epochs or event.record is None else ""
    return f"{numbers}  {event.seconds:.1f} s  {rate:,.0f} images/s{ending}"


NAMES = ("accuracy", "loss", "val_accuracy", "val_loss", "learning_rate")


class EpochCallback(Protocol):
    """An object that is told the results of each epoch, such as a ``keras.callbacks.Callback``."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> Any: ...


Callback: TypeAlias = Callable[[int, dict[str, float]], Any] | EpochCallback


def calling(callbacks: Sequence[Callback], listener: Listener | None) -> Listener:
    """Return a listener that passes each event on to ``listener``, and the results of each epoch to the ``callbacks``.

    Raises:
        ConfigError: One of the ``callbacks`` is neither a function nor an object with ``on_epoch_end``.
    """
    callbacks = list(callbacks)
    if wrong := [each for each in callbacks if not callable(_called(each))]:
        raise ConfigError(
            f"callbacks must be a list of functions (epoch, logs) or of objects with on_epoch_end(epoch, logs); got {wrong[0]!r}."
        )

    def listen(event: Event) -> None:
        if listener:
            listener(event)
        if not isinstance(event, TrainProgress) or event.record is None:
            return
        for callback in callbacks:
            # Each has a dictionary of its own, which it may change.
            logs = {name: getattr(event.record, name) for name in NAMES}
            try:
                _called(callback)(event.epoch - 1, logs)
            except Exception as error:
                name = getattr(callback, "__qualname__", type(callback).__qualname__)
                raise ConvscopeError(
                    f"the callback {name!r} failed after epoch {event.epoch}: {type(error).__name__}, {reason_of(error)}. "
                    "Fix it, or leave it out of callbacks."
                ) from error

    return listen


def _called(callback: Any) -> Any:
    return getattr(callback, "on_epoch_end", callback)
