from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.errors import ConfigError
from convscope.training.events import Event, TrainProgress


@pytest.mark.slow
def test_the_seconds_of_a_resumed_run_include_the_epochs_before(tmp_path: Path) -> None:
    seen: list[int] = []
    asked: dict[str, Any] = {"model": "logistic", "epochs": 4, "out": tmp_path, "report": False}

    def fail_in_the_second_epoch(event: Event) -> None:
        if isinstance(event, TrainProgress):
            if not seen:
                time.sleep(2)
            seen.append(event.epoch)
            assert event.epoch == 1

    with pytest.raises(AssertionError):
        convscope.train("digits", progress=fail_in_the_second_epoch, **asked)
    started = time.perf_counter()
    run = convscope.train("digits", resume=True, **asked)
    elapsed = time.perf_counter() - started
    assert run.history.column("epoch") == [1, 2, 3, 4]
    assert 2 < run.record.metrics["train_seconds"] < run.record.metrics["wall_seconds"]
    assert run.record.metrics["wall_seconds"] < elapsed + run.history[0].seconds


@pytest.mark.slow
def test_a_seed_of_numpy_is_the_number(tmp_path: Path) -> None:
    run = convscope.train("digits", model="logistic", epochs=1, seed=np.uint64(3), out=tmp_path / "run", report=False)
    assert convscope.load_run(run).record.request["seed"] == 3


def test_a_run_is_loaded_or_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        convscope.train("digits", if_exists="load", overwrite=True, out=tmp_path / "run")
