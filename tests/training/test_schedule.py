"""The end of a training and its learning rates: by epochs, by time and by the validation images."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest

from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.models.architectures import logistic
from convscope.training import schedule
from convscope.training.config import TrainConfig
from convscope.training.events import Event, TrainProgress
from convscope.training.history import EpochRecord
from convscope.training.loop import Training, fit
from convscope.training.recipes import standard
from convscope.training.schedule import MIN_VALIDATION, Schedule


def records(accuracies: list[float], seconds: float = 1.0) -> list[EpochRecord]:
    return [EpochRecord(number, seconds, 1.0, 0.5, 1.0, each, 0.0) for number, each in enumerate(accuracies, start=1)]


def cycles(number: int = 3, **changes: object) -> TrainConfig:
    return replace(standard(), epochs=2, max_cycles=number, **changes)  # type: ignore[arg-type]


def seconds_left(event: Event) -> float:
    return event.seconds_left if isinstance(event, TrainProgress) else math.inf


def digest(training: Training) -> str:
    return hashlib.sha256(b"".join(each.tobytes() for each in training.network.weight_arrays().values())).hexdigest()


def test_each_cycle_is_twice_as_long_as_the_one_before() -> None:
    config = cycles()
    assert [config.cycle_at(epoch) for epoch in range(14)] == [(0, 2)] * 2 + [(2, 4)] * 4 + [(6, 8)] * 8
    assert config.most_epochs == 14
    turned = replace(config, final_epochs_less_augmented=1)
    least = turned.augmentation.times(0.3)
    assert [epoch for epoch in range(14) if turned.augmentation_in(epoch) == least] == [1, 5, 13]


def test_the_rate_falls_to_0_at_the_end_of_each_cycle() -> None:
    plan = Schedule(cycles(), 10, MIN_VALIDATION)
    rates = [plan.rate(epoch, step) for epoch in range(6) for step in range(10)]
    assert rates[:20] == [standard().rate_at(step, 20) for step in range(20)]
    assert rates[20:] == [standard().rate_at(step, 40) for step in range(40)]


@pytest.mark.parametrize(
    ("accuracies", "number", "ending", "kept"),
    [
        ([0.5], 900, None, 1),
        ([0.5, 0.6], 900, None, 2),
        ([0.5, 0.6, 0.9, 0.9, 0.9, 0.6], 900, "validation", 2),
        ([0.5, 0.6, 0.5, 0.5, 0.5, 0.7], 900, None, 6),
        ([0.5, 0.6, 0.5, 0.5, 0.5, 0.7] + [0.1] * 8, 900, "epochs", 6),
        ([0.9, 0.6], MIN_VALIDATION - 1, "epochs", 2),
    ],
)
def test_a_training_goes_on_while_the_validation_improves_and_is_large_enough(
    accuracies: list[float], number: int, ending: str | None, kept: int
) -> None:
    done = records(accuracies)
    plan = Schedule(cycles(), 10, number)
    assert plan.ending(done) == ending
    assert plan.kept_epoch(done) == kept


def test_one_cycle_keeps_its_last_epoch_whatever_the_validation_says() -> None:
    plan, done = Schedule(replace(standard(), epochs=3), 10, 10_000), records([0.9, 0.8, 0.7])
    assert [plan.ending(done[:number]) for number in (1, 2, 3)] == [None, None, "epochs"]
    assert plan.kept_epoch(done) == 3


def test_the_test_split_never_chooses() -> None:
    plan, done = Schedule(cycles(validation="test"), 10, 10_000), records([0.9, 0.8, 0.1, 0.1, 0.1, 0.1])
    assert plan.ending(done[:2]) == "epochs"
    assert plan.kept_epoch(done) == 6


def test_the_time_of_earlier_epochs_counts() -> None:
    config = replace(standard(), epochs=100, time=50.0)
    early, late = (Schedule(config, 10, 0, records([0.5] * number)) for number in (10, 49))
    assert early.rate(10, 0) == pytest.approx(standard().rate_at(200, 1000), rel=0.01)  # 10 of 50 s
    assert late.rate(49, 0) < 0.03 * config.learning_rate
    assert not late.is_over
    assert Schedule(config, 10, 0, records([0.5] * 50)).ending(records([0.5] * 50)) == "time"


def test_processes_that_train_together_have_no_common_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    Schedule(standard(), 10, 0)
    with pytest.raises(ConfigError, match="time cannot limit a training by several processes"):
        Schedule(replace(standard(), time=1.0), 10, 0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "keras"])
def test_a_training_ends_with_its_time_and_says_how_far_it_came(digits: Dataset, engine: str) -> None:
    started = time.perf_counter()
    config = replace(standard(), epochs=100_000, time=0.5, final_epochs_less_augmented=0)
    left: list[float] = []
    training = fit(logistic, digits, config, seed=0, engine=engine, progress=lambda event: left.append(seconds_left(event)))
    assert 0.5 > left[1] >= left[-1] == 0
    assert training.ending == "time"
    assert 1 <= training.epochs_trained == len(training.history) < 100_000
    assert time.perf_counter() - started >= 0.5
    assert not training.stopped_early


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "keras"])
def test_the_weights_of_the_best_cycle_are_the_network(
    digits: Dataset, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MIN_VALIDATION", 100)
    monkeypatch.setattr(schedule, "_quality", lambda record: (-abs(record.epoch - 2), 0.0))  # the first cycle is the best
    one = fit(logistic, digits, cycles(1), seed=0, engine=engine)
    all_of_them = fit(logistic, digits, cycles(), seed=0, engine=engine, checkpoint=tmp_path / "checkpoint.npz")
    again = fit(logistic, digits, cycles(), seed=0, engine=engine, checkpoint=tmp_path / "checkpoint.npz")
    assert (all_of_them.ending, all_of_them.epochs_trained, len(all_of_them.history)) == ("validation", 6, 2)
    if engine == "native":  # Keras' graph computes the rates of a single cycle itself, in float32
        assert digest(one) == digest(all_of_them)
    assert digest(all_of_them) == digest(again)
    for each in (all_of_them, again):
        assert each.logits(digits.test.images) == pytest.approx(one.logits(digits.test.images), abs=1e-3)


@pytest.mark.slow
def test_without_a_time_limit_the_same_seed_gives_the_same_weights(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MIN_VALIDATION", 100)
    first, second, limited = (fit(logistic, digits, config, seed=1) for config in (cycles(), cycles(), cycles(time=1e6)))
    assert digest(first) == digest(second) == digest(limited)
