"""What a training reports and keeps of its epochs, on either engine."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

import numpy as np

from ..errors import ConvscopeError, option
from ..models.network import Weights
from ..system.forms import LARGEST_FLOAT
from .checkpoint import Checkpoint, State, save_checkpoint
from .config import TrainConfig
from .events import Listener, TrainProgress
from .history import EpochRecord, History
from .schedule import Schedule

HIGH_RATE = 0.1
"""Learning rate of Adam, which moves every weight by about as much in a step, from which on it is suspected first."""
LIKELY_RATE = 0.01
"""Highest learning rate that is advised."""
GROWTH = 2.0
"""Growth of the loss from its lowest that tells a learning rate that is too high, and not a layer that computes no number."""


def divergence(loss: float, num_classes: int, rate: float) -> str:
    """Return that a finished training diverged, and a learning rate to try; an empty text if ``loss``, its last, is not huge."""
    of_guessing = math.log(num_classes)
    if loss <= GROWTH * of_guessing:
        return ""
    return (
        f"the training diverged: its last loss is {loss:.3g}, and that of guessing {of_guessing:.3g}. Probably the learning rate, "
        f"at most {rate:g}, is too high: try {option('learning_rate', lower_rate(rate))}."
    )


def lower_rate(rate: float) -> float:
    """Return the learning rate to try after ``rate`` was too high."""
    return min(rate / 10, LIKELY_RATE)


class StopRequest:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.asked = False


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[StopRequest]:
    """Turn the first SIGINT in the block into a request to stop."""
    request = StopRequest()
    # Only the main thread may set handlers, and shells start background jobs with SIGINT ignored: both never stop early.
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or previous is signal.SIG_IGN:
        yield request
        return

    def handle(number: int, frame: FrameType | None) -> None:
        request.asked = True
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, handle)
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, previous)


class EpochLog:
    """Reports progress, records each epoch, saves its state and passes on a request to stop."""

    def __init__(
        self,
        model_name: str,
        config: TrainConfig,
        num_images: int,
        batch_size: int,
        stop: StopRequest,
        *,
        num_validation: int = 0,
        fold: Callable[[Mapping[str, Weights]], Mapping[str, Weights]] = lambda weights: weights,
        has_usual_layers: bool = True,
        listener: Listener | None = None,
        checkpoint: Path | None = None,
        arithmetic: str = "",
        resumed: Checkpoint | None = None,
    ) -> None:
        """Begin with the epochs of ``resumed``, if there is one.

        ``num_images`` is the number of images per epoch, ``batch_size`` that of a step, ``num_validation`` that of validation;
        ``fold`` turns the weights in training
        into those of the trained network; ``has_usual_layers`` says whether every layer computes a number for any image and any
        finite weights; ``checkpoint`` is a file for the state after each epoch, which ``arithmetic`` computes.
        """
        self.records: list[EpochRecord] = list(resumed.history) if resumed else []
        self.snapshots: list[Mapping[str, Weights]] = list(resumed.snapshots) if resumed else []
        self.stopped_early: bool = False
        self.schedule: Schedule = Schedule(config, -(-num_images // batch_size), num_validation, self.records)
        self.ending = self.schedule.ending(self.records)
        self._best_state: State = resumed.kept if resumed else {}
        self._model_name, self._config, self._num_images, self._stop = model_name, config, num_images, stop
        self._batch_size = batch_size
        self._fold, self._listener, self._checkpoint, self._arithmetic = fold, listener, checkpoint, arithmetic
        self._has_usual_layers = has_usual_layers
        self._epoch, self._done, self._started, self._rate = 1, 0, 0.0, 0.0
        self._lowest = self._last = math.inf

    @property
    def epochs_done(self) -> int:
        return len(self.records)

    @property
    def has_ended(self) -> bool:
        # A signal may have come since the epoch was recorded.
        return self.ending is not None or (self._done > 0 and self._asked_to_stop())

    @property
    def kept_epoch(self) -> int:
        """The epoch, from 1, whose weights are kept."""
        return self.schedule.kept_epoch(self.records)

    @property
    def state_to_restore(self) -> State | None:
        """The state at the end of the cycle whose weights are kept; None if they are those of the last epoch."""
        return self._best_state if self.kept_epoch < len(self.records) else None

    def begin(self) -> None:
        self._epoch, self._done, self._started = len(self.records) + 1, 0, time.perf_counter()

    def rate(self, step: int) -> float:
        """Return the learning rate of the next step, which is number ``step`` of this epoch, from 0."""
        self._rate = self.schedule.rate(self._epoch - 1, step)
        return self._rate

    def report(self, images_done: int, loss: float, accuracy: float) -> bool:
        """Report the means over the epoch so far; return whether to stop. ConvscopeError if the loss is no finite number."""
        first_step, self._done = self._done // self._batch_size + 1, images_done
        step = math.ceil(images_done / self._batch_size)
        when = f"at step {step}" if step <= first_step else f"between the steps {first_step} and {step}"
        self._check_finite(loss, f"loss of {self._model_name!r} became {loss} in epoch {self._epoch}, {when}")
        self._lowest, self._last = min(self._lowest, loss), loss
        stop = self._asked_to_stop() or self.schedule.is_over
        self._tell(loss, accuracy, None)
        return stop

    def finish(self, values: Mapping[str, float], weights: Mapping[str, Weights], state: Callable[[], State]) -> None:
        """Record an epoch, and decide whether the training has ended.

        ``values`` are ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy``; ``weights``, by ``layer/weight``, those of the
        network in training; ``state`` returns what the checkpoint needs to go on from here.
        """
        for name, what in (("loss", "loss"), ("val_loss", "validation loss")):
            step = math.ceil(self._done / self._batch_size)
            became = f"became {values[name]} after epoch {self._epoch}, at step {step}"
            self._check_finite(values[name], f"{what} of {self._model_name!r} {became}")
        numbers = (values["loss"], values["accuracy"], values["val_loss"], values["val_accuracy"], self._rate)
        record = EpochRecord(self._epoch, time.perf_counter() - self._started, *numbers)
        self.records.append(record)
        self.snapshots.append(self._fold(weights))
        self._asked_to_stop()
        if self._config.max_cycles > 1 and self.schedule.ends_best_cycle(self.records):
            self._best_state = {name: np.array(each) for name, each in state().items()}
        # Ctrl-C may have cut the epoch short: resumed, it begins again.
        if self._checkpoint and (not self.stopped_early or self._done == self._num_images):
            history, snapshots = History(tuple(self.records)), tuple(self.snapshots)
            save_checkpoint(Checkpoint(history, snapshots, state(), self._arithmetic, self._best_state), self._checkpoint)
        self.ending = self.schedule.ending(self.records)
        self._tell(record.loss, record.accuracy, record)

    def _check_finite(self, loss: float, what: str) -> None:
        if abs(loss) <= LARGEST_FLOAT:  # false for NaN; a run with more could not be read again
            return
        rate = self._config.learning_rate
        has_learned = math.isfinite(self._lowest)
        is_rate = has_learned and (self._last > GROWTH * self._lowest or rate >= HIGH_RATE)
        if self._has_usual_layers or is_rate:
            lower = option("learning_rate", lower_rate(rate))
            cause = f"the learning rate, at most {rate:g}, is too high for this network: try {lower}"
        else:
            cause = (
                "a layer of the network computes no number for some images, such as a logarithm of 0 or a division by 0: keep what "
                "it computes with away from 0"
            )
        raise ConvscopeError(f"the {what}, and the training was stopped. Probably {cause}.")

    def _asked_to_stop(self) -> bool:
        """Return whether the user has asked to stop; after the last step this does not count as stopped early."""
        if self._stop.asked:
            done = self._epoch == self.schedule.last_of_cycle(self._epoch) and self._done == self._num_images
            self.stopped_early = self.stopped_early or not done
        return self._stop.asked

    def _tell(self, loss: float, accuracy: float, record: EpochRecord | None) -> None:
        if self._listener:
            seconds, epochs = time.perf_counter() - self._started, self.schedule.last_of_cycle(self._epoch)
            self._listener(
                TrainProgress(
                    self._model_name, self._epoch, epochs, self._done, self._num_images, loss, accuracy, seconds, record,
                    max(0.0, self.schedule.seconds_left),
                )
            )  # fmt: skip
