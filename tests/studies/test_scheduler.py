"""Tasks on real processes that are really killed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convscope.data.dataset import Dataset
from convscope.errors import ConfigError, MissingExtraError, RunError
from convscope.studies.executors.base import RunFunctions
from convscope.studies.executors.dask import DaskWorkers
from convscope.studies.executors.local import LocalWorkers
from convscope.studies.executors.open import check_workers
from convscope.studies.scheduler import Task, run_tasks
from convscope.system.installation import pip_line


def unused(*_: Any) -> Any:
    raise AssertionError("these tests start no runs")


NO_RUNS = RunFunctions(unused, unused, unused)


def task(name: str, function: Callable[..., Any], *arguments: Any, done: Callable[[Any], list[Task]]) -> Task:
    return Task(name, lambda workers: workers.start(function, *arguments), lambda _, result: done(result))


@pytest.mark.slow
def test_tasks_of_a_dead_worker_are_repeated_and_follow_ups_run(digits: Dataset, tmp_path: Path) -> None:
    def once_killed(dataset: Dataset, flag: str, number: int) -> tuple[int, int, str]:
        if number == 1 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return number, len(dataset.train), os.environ["TF_NUM_INTRAOP_THREADS"]

    results, remarks = [], []

    def keep(result: Any) -> list[Task]:
        results.append(result)
        following = task("after", once_killed, str(tmp_path / "flag"), 10, done=keep)
        return [following] if result[0] == 2 else []

    tasks = [task(f"{number}", once_killed, str(tmp_path / "flag"), number, done=keep) for number in range(4)]
    with LocalWorkers(2, digits, NO_RUNS) as workers:
        run_tasks(tasks, workers, remarks.append)
    assert sorted(results) == [(number, 1438, "1") for number in (0, 1, 2, 3, 10)]
    assert len(remarks) == 1
    assert "a worker died" in remarks[0]


@pytest.mark.slow
def test_on_a_cluster_tasks_of_other_workers_are_not_repeated(digits: Dataset, tmp_path: Path) -> None:
    """The training process of one of two workers is killed while the other is busy."""
    distributed = pytest.importorskip("distributed")

    def work(dataset: Dataset, folder: str, number: int) -> int:
        with open(f"{folder}/{number}", "a") as file:
            file.write("begun\n")
            file.flush()

        def wait_for(other: int) -> None:
            for _ in range(1500):
                if not os.path.exists(f"{folder}/{other}"):
                    time.sleep(0.02)

        if number == 1 and os.path.getsize(f"{folder}/1") == len("begun\n"):
            wait_for(0)
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 0:
            wait_for(2)  # begun after the death
        return number + len(dataset.train)

    results: list[int] = []
    remarks: list[str] = []
    tasks = [task(f"{number}", work, str(tmp_path), number, done=lambda result: results.append(result) or [])
             for number in range(4)]  # fmt: skip
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        DaskWorkers(cluster.scheduler_address, digits, NO_RUNS) as workers,
    ):
        run_tasks(tasks, workers, remarks.append)
    assert sorted(results) == [1438, 1439, 1440, 1441]
    begun = [(tmp_path / f"{number}").read_text().count("begun") for number in range(4)]
    assert begun == [1, 2, 1, 1]
    assert len(remarks) == 1
    assert "a worker died" in remarks[0]


@pytest.mark.slow
def test_a_task_that_always_dies_ends_in_an_error(digits: Dataset) -> None:
    def die(dataset: Dataset) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    remarks: list[str] = []
    with pytest.raises(RunError, match="4 times.*greedy") as raised, LocalWorkers(1, digits, NO_RUNS) as workers:
        run_tasks([task("greedy", die, done=lambda _: [])], workers, remarks.append)
    assert "greedy" in str(raised.value)
    assert len(remarks) == 3


@pytest.mark.slow
def test_an_error_of_a_task_ends_the_rest_at_once(digits: Dataset) -> None:
    def wrong(dataset: Dataset, number: int) -> None:
        if number:
            time.sleep(60)
        raise ConfigError("this was wrong.")

    started = time.monotonic()
    tasks = [task(f"{number}", wrong, number, done=lambda _: []) for number in range(2)]
    with pytest.raises(ConfigError, match="this was wrong"), LocalWorkers(2, digits, NO_RUNS) as workers:
        run_tasks(tasks, workers, lambda _: None)
    assert time.monotonic() - started < 40


@pytest.mark.parametrize("workers", [0, -1, 10_000, "many", "", True, 1.5, "tcp://10.0.0.5:8786"])
def test_invalid_workers_are_refused(workers: Any) -> None:
    with pytest.raises(ConfigError, match=rf"1 to 1,024.*dask:ADDRESS.*got {re.escape(repr(workers))}"):
        check_workers(workers)


@pytest.mark.parametrize("workers", [None, 1, "2", "dask:tcp://10.0.0.5:8786"])
def test_workers_are_a_number_or_a_cluster(workers: Any) -> None:
    check_workers(workers)


def test_dask_needs_its_extra_and_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="dask:.*address"):
        check_workers("dask:")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=re.escape(pip_line("study"))):
        check_workers("dask:tcp://localhost:1")


@pytest.mark.rows(1)
@pytest.mark.slow
@pytest.mark.parametrize("how", ["sleeps", "is stopped"])
def test_a_task_that_hangs_is_ended_and_repeated_after_the_others(how: str, digits: Dataset, tmp_path: Path) -> None:
    def hang_once(dataset: Dataset, flag: str, number: int) -> int:
        if number == 0 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGSTOP) if how == "is stopped" else time.sleep(1000)
        return number

    results: list[int] = []
    remarks: list[str] = []
    tasks = [task(f"{number}", hang_once, str(tmp_path / "flag"), number, done=lambda result: results.append(result) or [])
             for number in range(4)]  # fmt: skip
    with LocalWorkers(1, digits, NO_RUNS, time_limit=10) as workers:
        run_tasks(tasks, workers, remarks.append)
    assert results == [1, 2, 3, 0]
    assert ["took longer than time_limit" in remark for remark in remarks] == [True]


@pytest.mark.slow
def test_what_always_hangs_ends_a_study_with_what_to_do(digits: Dataset, tmp_path: Path) -> None:
    def hang(dataset: Dataset) -> None:
        time.sleep(1000)

    with (
        LocalWorkers(1, digits, NO_RUNS, time_limit=0.5) as workers,
        pytest.raises(RunError, match=r"hung 4 times in a row, before forever finished.* raise time_limit above 0\.5"),
    ):
        run_tasks([task("forever", hang, done=lambda _: [])], workers, lambda _: None)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), 1e300])
def test_a_time_limit_is_a_number_of_seconds(limit: float) -> None:
    with pytest.raises(ConfigError, match="time_limit must be a number of seconds above 0"):
        check_workers(1, limit)
