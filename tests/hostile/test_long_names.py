"""A name longer than the system allows, and what is no name, are one sentence, whatever they name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.errors import ConvscopeError

from .command import answer_of  # type: ignore[import-not-found]

LONG, DEEP = "x" * 5000, "a/" * 3000
CALLS: dict[str, Callable[[convscope.Run, Any], object]] = {
    "load_run": lambda run, name: convscope.load_run(name),
    "load_dataset": lambda run, name: convscope.load_dataset(name),
    "train on": lambda run, name: convscope.train(name),
    "train into": lambda run, name: convscope.train("digits", epochs=1, out=name),
    "train": lambda run, name: convscope.train("digits", model=name),
    "train with": lambda run, name: convscope.train("digits", settings=name),
    "read as": lambda run, name: convscope.load_dataset("digits", name),
    "train a Keras file": lambda run, name: convscope.train("digits", model=f"{name}.keras"),
    "train a Python file": lambda run, name: convscope.train("digits", model=f"{name}.py:build"),
    "predict with": lambda run, name: convscope.predict(name, "example"),
    "predict": lambda run, name: convscope.predict(run, name),
    "explain": lambda run, name: convscope.explain(run, name),
    "explain into": lambda run, name: convscope.explain(run, "example", out=name),
    "evaluate on": lambda run, name: convscope.evaluate(run, data=name),
    "mistakes": lambda run, name: convscope.mistakes(name),
    "mistakes of others": lambda run, name: convscope.mistakes(run, others=name or "-"),
    "report": lambda run, name: convscope.report(name),
    "report into": lambda run, name: convscope.report(run, out=name),
    "compare": lambda run, name: convscope.compare(name),
    "compare several": lambda run, name: convscope.compare([name, name]),
    "compare into": lambda run, name: convscope.compare([run, run], out=name),
    "export into": lambda run, name: convscope.export(run, out=name),
    "audit into": lambda run, name: convscope.audit(run, out=name),
    "audit what is confirmed": lambda run, name: convscope.audit(run, confirmed=name),
    "copy suspects": lambda run, name: convscope.audit(run, copy_to=name),
    "study into": lambda run, name: convscope.study("digits", out=name),
    "serve": lambda run, name: convscope.serve(name),
    "list": lambda run, name: convscope.list_runs(name),
    "preprocess": lambda run, name: convscope.preprocess(name, "example"),
    "names of classes": lambda run, name: convscope.ReadOptions(class_names=name),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [LONG, DEEP], ids=["long", "deep"])
@pytest.mark.parametrize("call", CALLS)
def test_a_name_that_is_too_long_is_one_sentence(call: str, name: str, run_copy: Path) -> None:
    with pytest.raises(ConvscopeError) as caught:
        CALLS[call](convscope.load_run(run_copy), name)
    assert len(str(caught.value)) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_name_is_one_sentence(call: str, run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run_copy.parent)
    before, run = sorted(run_copy.parent.rglob("*")), convscope.load_run(run_copy)
    for name in (3, 1.5, b"run", "", "a\0b", object(), {1: 2}):
        with pytest.raises(ConvscopeError) as caught:
            CALLS[call](run, name)
        assert len(str(caught.value)) < 1000
    assert sorted(run_copy.parent.rglob("*")) == before


@pytest.mark.slow
def test_a_service_of_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    answer = answer_of("serve", "y" * 300, folder=tmp_path)
    assert answer.status == 1
    assert "internal error" not in answer.error


@pytest.mark.slow
def test_threads_of_one_process_train_two_runs(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def train(number: int) -> None:
        try:
            convscope.train("digits", model="logistic", epochs=1, seed=number, report=False, out=tmp_path / str(number))
        except BaseException as error:  # noqa: BLE001 - a thread's error is lost otherwise
            failures.append(error)

    for first in (0, 3):
        threads = [threading.Thread(target=train, args=(first + number,)) for number in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert failures == []
    assert len({convscope.load_run(each).record.request["seed"] for each in tmp_path.iterdir()}) == 6
