"""When a training ends, and which learning rate each step has: by its epochs, its time limit and the validation images.

A training is one cycle of the learning rate, which rises and falls to 0 over ``epochs``. With ``max_cycles`` above 1, another one
of twice the length follows as long as the last one improved the validation accuracy. With a time limit, the rate falls with the
share of the time that has passed, if that is larger than the share of the steps, so it is 0 when the time is over: Li, Yumer and
Ramanan, "Budgeted Training", 2020.
"""

import os
import time
from collections.abc import Sequence
from math import inf
from typing import Literal

from ..errors import ConfigError
from ..models.backend import NUM_PROCESSES
from .config import TrainConfig
from .history import EpochRecord

MIN_VALIDATION = 500
"""Validation images from which on they decide which cycle's weights are kept and whether another one begins."""
MIN_TIME = 0.5
"""No further cycle begins in less time than this share of what the last one took."""

Ending = Literal["epochs", "time", "validation"]
"""Why a training ended: all its epochs were trained, the time was over, or the last cycle did not improve the validation."""


class Schedule:
    """The plan of one training; it depends on nothing but its arguments, unless the settings have a time limit."""

    def __init__(
        self, config: TrainConfig, steps_per_epoch: int, num_validation: int, done: Sequence[EpochRecord] = ()
    ) -> None:
        """Begin after the epochs ``done``, whose seconds count towards the time limit.

        ConfigError if there is one and several processes train together, since their clocks would not agree on the last step.
        """
        if config.time and os.environ.get(NUM_PROCESSES):
            raise ConfigError("time cannot limit a training by several processes. Limit its epochs instead.")
        self._config, self._steps = config, steps_per_epoch
        self._can_choose = config.validation == "held-out" and num_validation >= MIN_VALIDATION
        self._started = time.perf_counter() - _seconds(done)
        self._cycle_started = _seconds(done[: config.cycle_at(len(done))[0]])

    @property
    def _elapsed(self) -> float:
        return time.perf_counter() - self._started

    @property
    def seconds_left(self) -> float:
        """Until the time limit; infinite without one."""
        return self._config.time - self._elapsed if self._config.time else inf

    @property
    def is_over(self) -> bool:
        """Whether the time is."""
        return self.seconds_left <= 0

    def rate(self, epoch: int, step: int) -> float:
        """Return the learning rate of a step of an epoch, both from 0."""
        first, length = self._config.cycle_at(epoch)
        total, at = length * self._steps, float((epoch - first) * self._steps + step)
        if limit := self._config.time:
            at = max(at, (self._elapsed - self._cycle_started) / (limit - self._cycle_started) * total - 0.5)
        return self._config.rate_at(at, total)

    def last_of_cycle(self, epoch: int) -> int:
        """Return the number of the last epoch, from 1, of the cycle that epoch ``epoch``, from 1, belongs to."""
        return sum(self._config.cycle_at(epoch - 1))

    def ending(self, records: Sequence[EpochRecord]) -> Ending | None:
        """Return why the training ends after the epochs of ``records``; None if it goes on."""
        if records and self.is_over:
            return "time"
        if not records or len(records) != self.last_of_cycle(len(records)):
            return None
        ends = self._ends(records)
        if len(ends) >= self._config.max_cycles or not self._can_choose:
            return "epochs"
        if len(ends) > 1 and _quality(records[ends[-1] - 1]) <= _quality(records[ends[-2] - 1]):
            return "validation"
        if self.seconds_left < MIN_TIME * (self._elapsed - self._cycle_started):
            return "time"
        self._cycle_started = self._elapsed
        return None

    def kept_epoch(self, records: Sequence[EpochRecord]) -> int:
        """Return the epoch, from 1, whose weights are kept: the last, or the end of an earlier cycle with a better validation."""
        ends = sorted({*self._ends(records), len(records)})
        return max(ends, key=lambda epoch: _quality(records[epoch - 1])) if self._can_choose else ends[-1]

    def ends_best_cycle(self, records: Sequence[EpochRecord]) -> bool:
        """Return whether the last epoch ends a cycle, and the best one so far."""
        last = len(records)
        return last == self.last_of_cycle(last) == self.kept_epoch(records)

    def _ends(self, records: Sequence[EpochRecord]) -> list[int]:
        return [epoch for epoch in range(1, len(records) + 1) if epoch == self.last_of_cycle(epoch)]


def _quality(record: EpochRecord) -> tuple[float, float]:
    return record.val_accuracy, -record.val_loss


def _seconds(records: Sequence[EpochRecord]) -> float:
    return sum(record.seconds for record in records)
