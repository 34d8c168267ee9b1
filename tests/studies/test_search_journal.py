"""The log of a search: written by a study that may be killed, and opened in a folder of whoever."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convscope.errors import ConvscopeError, OutputError, RunError
from convscope.studies.hyperparameter_search import JOURNAL, Search
from convscope.studies.plan import Configuration
from convscope.studies.search_journal import SearchJournal
from convscope.training.recipes import sprint

from .test_hyperparameter_search import go, search  # type: ignore[import-not-found]

pytestmark = pytest.mark.usefixtures("never_hangs")


def searched(folder: Path, trials: int = 3) -> Path:
    folder.mkdir(exist_ok=True)
    go(search(folder, trials), trials)
    return folder / JOURNAL


def test_a_search_writes_its_log_and_nothing_else_and_waits_for_no_lock(tmp_path: Path) -> None:
    (tmp_path / f"{JOURNAL}.lock").symlink_to(JOURNAL)  # as Optuna's own files leave it where they are killed
    journal = searched(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {JOURNAL, f"{JOURNAL}.lock"}
    assert [json.loads(line)["op_code"] for line in journal.read_text("utf-8").splitlines()]


def test_searches_that_share_a_log_each_find_their_trials_again(tmp_path: Path) -> None:
    def both() -> list[Search]:
        return [Search(Configuration(name, name, sprint()), 3, 5, tmp_path / JOURNAL) for name in ("cnn", "mlp")]

    together = both()
    for _ in range(3):
        for each in together:
            go(each, 1)
    assert [each.best() for each in both()] == [each.best() for each in together]
    assert [len(each.finished) for each in both()] == [3, 3]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("line", [-1, -3, -9])
def test_a_log_cut_short_anywhere_comes_to_the_same_end(share: float, line: int, tmp_path: Path) -> None:
    whole = search(tmp_path, 4)
    go(whole, 4)
    (tmp_path / "again").mkdir()
    lines = searched(tmp_path / "again", 2).read_bytes().splitlines(keepends=True)
    last = lines[line][:-1]
    (tmp_path / "again" / JOURNAL).write_bytes(b"".join(lines[:line]) + last[: round(share * len(last))])
    resumed = search(tmp_path / "again", 4)
    assert len(resumed.finished) in (1, 2)
    go(resumed, 4 - len(resumed.finished))
    assert resumed.best() == whole.best()


def linked(journal: Path) -> None:
    (journal.parent.parent / "outside").write_text("kept", "utf-8")
    journal.symlink_to(journal.parent.parent / "outside")


def named_twice(journal: Path) -> None:
    (journal.parent.parent / "outside").write_text("kept", "utf-8")
    journal.hardlink_to(journal.parent.parent / "outside")


PLACES: dict[str, Callable[[Path], object]] = {
    "link": linked, "hard link": named_twice, "pipe": os.mkfifo, "folder": Path.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_of_the_study_is_neither_read_nor_written(place: str, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    PLACES[place](tmp_path / "study" / JOURNAL)
    with pytest.raises(ConvscopeError, match=JOURNAL):
        search(tmp_path / "study", 1)
    if (tmp_path / "outside").exists():
        assert (tmp_path / "outside").read_text("utf-8") == "kept"


def changed(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Give each operation that has one of the keys another value of it."""
    return lambda operation: {**operation, **{name: values[name] for name in values.keys() & operation.keys()}}


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "a list": lambda _: [1, 2],
    "a number": lambda _: 5,
    "an empty object": lambda _: {},
    "an unknown operation": changed(op_code=99),
    "a text for an operation": changed(op_code="os.system"),
    "a state that is none": changed(state=77),
    "a result that is a text": changed(values=["best"]),
    "no result": changed(values=None),
    "a loss that is not a number": changed(values=[float("nan")]),
    "a loss in an epoch that is a text": changed(intermediate_value="low"),
    "a parameter that is a text": changed(param_value_internal="fast"),
    "a learning rate of infinity": changed(param_value_internal=float("inf")),
    "a distribution that is a text": changed(distribution="{"),
    "an accuracy that is a list": changed(user_attr={"validation_accuracy": [1]}),
    "a direction that is none": changed(directions=[9]),
    "a date that is none": changed(datetime_complete="yesterday"),
}


def rewritten(journal: Path, change: Callable[[Any], Any]) -> None:
    operations = [change(json.loads(line)) for line in journal.read_text("utf-8").splitlines()]
    journal.write_text("".join(f"{json.dumps(each)}\n" for each in operations), "utf-8")


@pytest.mark.parametrize("kind", OPERATIONS)
def test_operations_of_no_search_are_one_error_that_names_the_file(kind: str, tmp_path: Path) -> None:
    rewritten(searched(tmp_path), OPERATIONS[kind])
    with pytest.raises(RunError, match=f"{JOURNAL}.* is not the log of a search") as raised:
        search(tmp_path, 4)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("other", [{"trial_id": 10**9}, {"study_name": 5}], ids=["trial", "name"])
def test_operations_of_another_search_count_for_nothing(other: dict[str, int], tmp_path: Path) -> None:
    rewritten(searched(tmp_path), changed(**other))
    resumed = search(tmp_path, 1)
    assert resumed.finished == []
    go(resumed, 1)
    assert len(resumed.finished) == 1


def test_a_file_system_that_cannot_sync_is_no_obstacle_and_a_full_one_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(number: int) -> Callable[..., None]:
        def fail(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        return fail

    journal = SearchJournal(tmp_path / JOURNAL)
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    journal.append_logs([{"op_code": 0}])
    assert journal.read_logs(0) == [{"op_code": 0}]
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OutputError, match=JOURNAL):
        journal.append_logs([{"op_code": 1}])
