"""Commands that meet on one run."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.errors import ConvscopeError, RunError, RunExistsError
from convscope.runs import lock, run_folder, store

Verb = Callable[[Path], Any]

WRITING: dict[str, Verb] = {
    "train": lambda run: convscope.train("digits", recipe="sprint", out=run, overwrite=True, report=False),
    "report": convscope.report,
    "audit": convscope.audit,
    "evaluate --thorough": convscope.examine,
}
READING: dict[str, Verb] = {
    "evaluate": convscope.evaluate,
    "mistakes": convscope.mistakes,
    "export": lambda run: convscope.export(run, out=run.parent / "model.onnx"),
    "report elsewhere": lambda run: convscope.report(run, output=run.parent / "page.html"),
    "predict": lambda run: convscope.predict(run, np.zeros((8, 8, 1), np.uint8)),
}
ARGUMENTS = {
    "train": ["train", "digits", "--recipe", "sprint", "--out", "run", "--overwrite"],
    "report": ["report", "run"],
    "audit": ["audit", "run"],
    "evaluate": ["evaluate", "run"],
    "thorough": ["evaluate", "run", "--thorough"],
    "export": ["export", "run", "--out", "model.onnx", "--overwrite"],
    "study": ["study", "digits", "--models", "logistic", "--seeds", "2", "--epochs", "1", "--out", "study"],
}


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("verb", WRITING)
def test_while_another_command_writes_a_verb_that_writes_says_so(verb: str, run_copy: Path) -> None:
    before = content(run_copy)
    with lock.locked(run_copy), pytest.raises(RunExistsError, match="is being written by another"):
        WRITING[verb](run_copy)
    after = content(run_copy)
    assert {name for name in before if after.get(name) != before[name]} <= {"ledger.jsonl"}
    run_folder.verify(run_copy)


@pytest.mark.parametrize("verb", READING)
def test_while_another_command_writes_a_verb_that_reads_gives_its_result(verb: str, run_copy: Path) -> None:
    with lock.locked(run_copy):
        assert READING[verb](run_copy) is not None


@pytest.fixture
def other_run(run_copy: Path, tmp_path: Path) -> Path:
    """A run of another training, to take the place of the first."""
    return convscope.train("digits", recipe="sprint", seed=1, out=tmp_path / "other", report=False).folder


@pytest.mark.parametrize("verb", ["report", "audit", "evaluate --thorough"])
def test_a_run_that_is_replaced_meanwhile_is_not_mixed_with_the_old_one(
    verb: str, run_copy: Path, other_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = content(other_run)
    load = store.load_record

    def and_replace(path: Path) -> Any:
        record = load(path)
        if other_run.exists():
            shutil.rmtree(run_copy)
            other_run.rename(run_copy)
        return record

    monkeypatch.setattr(store, "load_record", and_replace)
    with pytest.raises(RunError, match="another run has taken the place of"):
        WRITING[verb](run_copy)
    after = content(run_folder.verify(run_copy))
    assert {name for name in new if after.get(name) != new[name]} <= {"ledger.jsonl", "manifest.json"}


def test_an_audit_keeps_what_others_measured_meanwhile(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = store.load_record

    def and_measure(path: Path) -> Any:
        record = load(path)
        with store.updating_run(record, run_copy) as metrics:
            store.save_metrics({**metrics, "train_seconds_of_others": 1.5}, run_copy)
        return record

    monkeypatch.setattr(store, "load_record", and_measure)
    convscope.audit(run_copy)
    monkeypatch.undo()
    metrics = store.load_record(run_copy).metrics
    assert metrics["train_seconds_of_others"] == 1.5
    assert metrics["label_audit"]


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), [*itertools.combinations_with_replacement(ARGUMENTS, 2)])
def test_of_two_commands_each_gives_its_result_or_one_sentence(one: str, other: str, run_copy: Path, tmp_path: Path) -> None:
    commands = [[sys.executable, "-m", "convscope", *ARGUMENTS[each]] for each in (one, other)]
    started = [subprocess.Popen(each, cwd=tmp_path, stdout=-1, stderr=-1, text=True) for each in commands]
    for process in started:
        _, errors = process.communicate(timeout=300)
        assert process.returncode in (0, 1), errors
        assert "Traceback" not in errors
        assert "internal error" not in errors
        if process.returncode:
            assert "another convscope process" in errors or "taken the place" in errors
    try:
        store.load_record(run_folder.verify(run_copy))
    except ConvscopeError as error:
        pytest.fail(str(error))
