"""A training that Ctrl-C stopped goes on, and ends as if it had never been stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.errors import ConfigError, RunError, RunExistsError
from convscope.models import layers
from convscope.models.custom import Build
from convscope.models.network import Network
from convscope.runs import ledger, run_folder
from convscope.runs.files import CHECKPOINT
from convscope.training.events import Event, TrainProgress

ASKED: dict[str, Any] = {"data": "digits", "model": "logistic", "epochs": 5, "report": False, "engine": "native"}


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background jobs with SIGINT ignored
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    return convscope.train(out=tmp_path_factory.mktemp("straight") / "run", **ASKED)


def ctrl_c(epoch: int, *, at_its_end: bool = False) -> Callable[[Event], None]:
    """Send SIGINT once, at the first event of an epoch, or at its last."""
    sent: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, TrainProgress) and event.epoch == epoch and (event.record or not at_its_end) and not sent:
            sent.append(epoch)
            os.kill(os.getpid(), signal.SIGINT)

    return listen


def assert_same_training(run: convscope.Run, other: convscope.Run) -> None:
    assert not run.stopped_early
    assert not run_folder.is_stopped(run.folder)
    assert not (run.folder / CHECKPOINT).exists()
    assert [each.val_loss for each in run.history] == [each.val_loss for each in other.history]
    np.testing.assert_array_equal(run.evaluation.logits, other.evaluation.logits)
    for name, weights in run.record.network.weight_arrays().items():
        np.testing.assert_array_equal(weights, other.record.network.weight_arrays()[name], name)


STOPPED = """
import os, signal, sys, convscope

def stop(epoch, logs):
    if epoch == 1:
        os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
run = convscope.train("digits", model="logistic", epochs=5, report=False, out=sys.argv[1], callbacks=[stop])
print(run.stopped_early, len(run.history))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT ends the process there")
def test_a_process_stopped_by_sigint_goes_on_in_another_bit_for_bit(straight: convscope.Run, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "True 2\n"
    stopped = convscope.load_run(tmp_path)
    assert convscope.predict(stopped, stopped.dataset.test.images[0]).class_names == straight.evaluation.class_names
    command = [sys.executable, "-m", "convscope", "train", "digits", "--model", "logistic", "--epochs", "5", "--no-report"]
    done = subprocess.run([*command, "--out", tmp_path, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_same_training(convscope.load_run(tmp_path), straight)


@pytest.mark.slow
@pytest.mark.parametrize(("epoch", "at_its_end"), [(1, False), (1, True), (3, False), (4, True)])
def test_a_stopped_run_goes_on_from_its_last_whole_epoch(
    epoch: int, at_its_end: bool, straight: convscope.Run, tmp_path: Path
) -> None:
    stopped = convscope.train(out=tmp_path, progress=ctrl_c(epoch, at_its_end=at_its_end), **ASKED)
    assert stopped.stopped_early
    assert run_folder.is_stopped(tmp_path)
    trained: list[int] = []

    def look(number: int, logs: dict[str, float]) -> None:
        trained.append(number + 1)
        assert convscope.load_run(run_folder.verify(tmp_path)).stopped_early  # whole until the new one is

    run = convscope.train(out=tmp_path, resume=True, callbacks=[look], **ASKED)
    first = epoch + 1 if at_its_end else epoch
    assert trained == list(range(first, 6))
    assert_same_training(run, straight)
    assert [entry.purpose for entry in ledger.read(tmp_path)] == ["the final evaluation"] * 2
    with pytest.raises(RunExistsError, match="already complete"):
        convscope.train(out=tmp_path, resume=True, **ASKED)


@pytest.mark.slow
def test_a_resumed_training_may_be_stopped_and_may_fail_again(straight: convscope.Run, tmp_path: Path) -> None:
    tmp_path = tmp_path / "run"
    convscope.train(out=tmp_path, progress=ctrl_c(2), **ASKED)
    again = convscope.train(out=tmp_path, resume=True, progress=ctrl_c(3), **ASKED)
    assert again.stopped_early
    assert len(again.history) == 3

    def fail(epoch: int, logs: dict[str, float]) -> None:
        if epoch == 3:
            raise ValueError("no connection")

    with pytest.raises(convscope.ConvscopeError, match="'.*fail' failed after epoch 4"):
        convscope.train(out=tmp_path, resume=True, callbacks=[fail], **ASKED)
    assert convscope.load_run(run_folder.verify(tmp_path)).history == again.history
    trained: list[int] = []
    run = convscope.train(out=tmp_path, resume=True, callbacks=[lambda epoch, logs: trained.append(epoch)], **ASKED)
    assert trained == [4]
    assert_same_training(run, straight)
    assert [path.name for path in tmp_path.parent.iterdir()] == [tmp_path.name]


@pytest.mark.slow
def test_a_stopped_run_is_not_resumed_with_other_settings_and_can_be_replaced(tmp_path: Path) -> None:
    convscope.train(out=tmp_path, progress=ctrl_c(2), **ASKED)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(convscope.ConfigError, match="seed 0, not 1"):
        convscope.train(out=tmp_path, resume=True, seed=1, **ASKED)
    with pytest.raises(RunExistsError, match="an unfinished run.*resume"):
        convscope.train(out=tmp_path, **ASKED)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    run = convscope.train(out=tmp_path, overwrite=True, seed=1, progress=ctrl_c(1), **ASKED)
    assert run.stopped_early
    assert not (tmp_path / CHECKPOINT).exists()  # of the run before
    assert not list(tmp_path.glob("*-kept*"))


def own(activation: str) -> Build:
    """A function of one name, whatever it describes."""

    def build(image_shape: tuple[int, int, int], num_classes: int) -> Network:
        middle = layers.Conv2D(4, 3, activation=activation)
        parts = [middle, layers.Flatten(), layers.Dense(num_classes, activation="softmax")]
        return layers.sequential("own", image_shape, parts)

    return build


@pytest.mark.slow
def test_another_network_of_the_same_name_is_neither_loaded_nor_resumed(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"data": "digits", "recipe": "sprint", "epochs": 2, "report": False}
    loaded, stopped = tmp_path / "loaded", tmp_path / "stopped"
    run = convscope.train(model=own("relu"), out=loaded, **asked)
    convscope.train(model=own("relu"), out=stopped, progress=ctrl_c(1), **asked)
    again = convscope.train(model=own("relu"), out=loaded, if_exists="load", **asked)
    assert again.record.request["created"] == run.record.request["created"]
    for given in ({"out": loaded, "if_exists": "load"}, {"out": stopped, "resume": True}):
        with pytest.raises(ConfigError, match="'build' described another network when it was started"):
            convscope.train(model=own("tanh"), **given, **asked)


@pytest.mark.thorough  # three workers start; `test_results` asks for the same in one process
@pytest.mark.slow
def test_a_study_of_a_network_that_changed_is_refused_before_it_trains(tmp_path: Path) -> None:
    study: dict[str, Any] = {"recipes": ["sprint"], "epochs": 1, "workers": 1, "out": tmp_path / "study"}
    convscope.study("digits", models=[own("relu")], seeds=1, **study)
    with pytest.raises(RunError, match="what the model describes has changed"):
        convscope.study("digits", models=[own("tanh")], seeds=2, **study)
    assert len(list((tmp_path / "study" / "runs").iterdir())) == 1
    assert convscope.study("digits", models=[own("relu")], seeds=2, **study).results.seeds == (0, 1)
