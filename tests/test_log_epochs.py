"""The recipes of docs/how-to/log-epochs.md, run as they stand: with the library where it is installed, and else with a small object
that keeps the numbers it is given. Only TensorBoard's files are read back."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import convscope

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "log-epochs.md"
IMPORT = re.compile(r"^(?:import|from) (?!convscope)(\w+)", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECIPES = {IMPORT.findall(text)[0]: text for text in BLOCK.findall(PAGE.read_text("utf-8"))}


class Recorder(dict[str, Any]):
    """A writer, a run and a module of one of the libraries, as far as the recipes use them: keeps numbers by name and step."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.values: dict[tuple[str, int | None], float] = {}
        self.summary, self.folders = self, list[str]()

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.values[name, step] = value

    def log(self, logs: dict[str, float], *, step: int) -> None:
        self.values |= {(name, step): value for name, value in logs.items()}

    def log_metric(self, name: str, value: float) -> None:
        self[name] = value

    def flush(self) -> None: ...

    close = flush

    @contextlib.contextmanager
    def run(self, **_: Any) -> Iterator[Recorder]:
        yield self


def stand_in(library: str, recorder: Recorder) -> dict[str, ModuleType]:
    modules = {name: ModuleType(name) for name in (library, f"{library}.summary")}
    named = {"Writer": lambda folder: recorder, "init": recorder.run, "start_run": recorder.run}
    named |= {"log_metrics": recorder.log, "log_metric": recorder.log_metric, "log_artifacts": recorder.folders.append}
    for module in modules.values():
        vars(module).update(named)
    return modules


def test_the_page_has_a_recipe_for_each_library() -> None:
    assert RECIPES.keys() == {"tensorboard", "wandb", "mlflow"}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of libraries that are not ours
@pytest.mark.parametrize("library", RECIPES)
def test_a_recipe_records_every_epoch(
    library: str, tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    recorder, is_installed = Recorder(), importlib.util.find_spec(library) is not None
    if not is_installed:
        for name, module in stand_in(library, recorder).items():
            monkeypatch.setitem(sys.modules, name, module)
    names: dict[str, Any] = {}
    exec(compile(RECIPES[library], PAGE.name, "exec"), names)
    run: convscope.Run = names["run"]
    if library == "tensorboard" and is_installed:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator("logs/digits-0", size_guidance={"tensors": 0}).Reload()  # all of them
        recorder.values = {
            (tag, event.step): float(event.tensor_proto.float_val[0])
            for tag in events.Tags()["tensors"]
            for event in events.Tensors(tag)
        }
    elif is_installed:
        return
    expected = {
        (name, each.epoch): getattr(each, name)
        for name in ("accuracy", "loss", "val_accuracy", "val_loss", "learning_rate")
        for each in run.history
    }
    # The training may have gone on, to epochs that were not kept.
    assert {key: recorder.values[key] for key in expected} == pytest.approx(expected, rel=1e-6)
    if library != "tensorboard":
        assert recorder["test_accuracy"] == run.evaluation.accuracy
    if library == "mlflow":
        assert recorder.folders == [str(run.folder)]
