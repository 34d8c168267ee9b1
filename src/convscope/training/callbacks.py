"""Callbacks of a training: called after each epoch, as Keras calls them and with its names for the results."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from ..errors import ConfigError, ConvscopeError, reason_of
from .events import Event, Listener, TrainProgress

NAMES = ("accuracy", "loss", "val_accuracy", "val_loss", "learning_rate")


class EpochCallback(Protocol):
    """An object that is told the results of each epoch, such as a ``keras.callbacks.Callback``."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> Any: ...


Callback: TypeAlias = Callable[[int, dict[str, float]], Any] | EpochCallback


def calling(callbacks: Sequence[Callback], listener: Listener | None) -> Listener:
    """Return a listener that passes each event on to ``listener``, and the results of each epoch to the ``callbacks``.

    Raises:
        ConfigError: ``callbacks`` are not a list of functions and of objects with ``on_epoch_end``.
    """
    is_list = isinstance(callbacks, Sequence) and not isinstance(callbacks, str)
    if wrong := [each for each in callbacks if not callable(_called(each))] if is_list else [callbacks]:
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
