"""Whole studies on real processes: killed, continued and run on a cluster, they end with the same table."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.api.study import study
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.data.read_options import ReadOptions
from convscope.errors import ConfigError, RunError, RunExistsError
from convscope.runs import files, run_folder
from convscope.runs.seed_votes import REQUEST, RESULTS, VOTES, load_votes
from convscope.studies.tasks import StudyProgress
from convscope.system.files import write_json

ASKED = ["digits", "--models", "logistic,ann", "--recipes", "sprint", "--seeds", "5"]
PATIENCE = 600


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "convscope", "study", *ASKED, "--out", str(folder), *more]


def finished(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"runs/*/{files.MANIFEST}"))


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers_of(process: int) -> list[int]:
    """The processes that train for ``process``."""
    children = (
        child for thread in Path(f"/proc/{process}/task").iterdir() for child in (thread / "children").read_text().split()
    )
    return [int(child) for child in children if "resource_tracker" not in Path(f"/proc/{child}/cmdline").read_text()]


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_seconds(each) for name, each in value.items() if not name.endswith("seconds")}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def found_in(folder: Path) -> Any:
    return without_seconds(json.loads((folder / RESULTS).read_text("utf-8")))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, five seeds, two workers."""
    folder = tmp_path_factory.mktemp("studies") / "undisturbed"
    subprocess.run(command(folder, "--workers", "2", "--quiet"), check=True, capture_output=True, timeout=PATIENCE)
    return folder


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_parent_change_nothing(undisturbed: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "disturbed", tmp_path / "said"
    with said.open("wb") as errors, subprocess.Popen(command(folder, "--workers", "2"), stderr=errors) as parent:
        until(lambda: len(finished(folder)) >= 2)
        os.kill(workers_of(parent.pid)[0], signal.SIGKILL)
        until(lambda: len(finished(folder)) >= 5)
        orphans = workers_of(parent.pid)
        parent.kill()
    assert "a worker died" in said.read_text("utf-8")
    until(lambda: not any(Path(f"/proc/{orphan}").exists() for orphan in orphans))
    before = {path: path.stat().st_mtime_ns for path in finished(folder)}
    assert 5 <= len(before) < 10
    # One worker now: their number changes nothing either.
    again = subprocess.run(command(folder, "--workers", "1"), check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert found_in(folder) == found_in(undisturbed)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(finished(folder)) == 10
    assert "10/10" in again.stderr
    assert "ann-sprint" in again.stdout


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_table_though_a_worker_and_a_training_are_killed(
    undisturbed: Path, tmp_path: Path
) -> None:
    from distributed import LocalCluster

    remarks: list[str] = []
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:

        def disturb(event: StudyProgress) -> None:
            if event.remark:
                remarks.append(event.remark)
            elif event.done == 3:  # Dask's scheduler gives its run to another
                os.kill(cluster.workers[0].pid, signal.SIGKILL)
            elif event.done == 6:  # the study begins its run again
                os.kill(workers_of(cluster.workers[1].pid)[0], signal.SIGKILL)

        found = study(
            "digits", models=["logistic", "ann"], recipes=["sprint"], seeds=5, out=tmp_path / "study", progress=disturb,
            workers=f"dask:{cluster.scheduler_address}",
        )  # fmt: skip
    assert any("a worker died" in remark for remark in remarks)
    assert found_in(tmp_path / "study") == found_in(undisturbed)
    assert found_in(undisturbed)["comparisons"][0]["judged"]
    assert [row.name for row in found.table] == ["ann-sprint", "logistic-sprint"]
    for run in found.results.outcomes:
        folders = (folder / "runs" / run.run for folder in (tmp_path / "study", undisturbed))
        one, other = ((run_folder.verify(folder) / "predictions.npz").read_bytes() for folder in folders)
        assert one == other


@pytest.mark.slow
def test_a_finished_study_is_read_again_and_its_files_are_what_they_say(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(undisturbed, tmp_path / "study"))
    started = time.monotonic()
    assert main(["study", *ASKED, "--out", str(folder), "--json"]) == 0
    assert time.monotonic() - started < 30  # no training, no TensorFlow
    known = json.loads(capsys.readouterr().out)
    assert without_seconds({name: value for name, value in known.items() if name != "study"}) == found_in(undisturbed)
    votes = load_votes(folder)
    for row in known["table"]:
        n = known["dataset"]["test"]
        assert votes[row["name"]].correct.sum() == round(sum(row["accuracies"]) * n)
        assert votes[row["name"]].majority_errors == round((1 - row["together"]) * n)
    run = convscope.evaluate(folder / "runs" / "digits-ann-sprint-4")
    assert run.accuracy == known["table"][0]["accuracies"][4]
    assert (folder / "study.csv").read_text("utf-8").count("\n") == 11
    assert "<script" not in (folder / "study.html").read_text("utf-8")


@pytest.mark.slow
def test_a_study_that_grew_is_the_study_made_at_once(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "grown"
    smaller = ["study", *ASKED, "--out", str(folder), "--workers", "1", "--quiet", "--seeds", "1,3", "--models", "ann"]
    assert main(smaller) == 0
    assert len(found_in(folder)["runs"]) == 2
    before = {path: path.stat().st_mtime_ns for path in finished(folder)}
    assert main(["study", *ASKED, "--out", str(folder), "--workers", "2", "--quiet"]) == 0
    assert found_in(folder) == found_in(undisturbed)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert (folder / VOTES).read_bytes() == (undisturbed / VOTES).read_bytes()
    one, other = (json.loads((each / REQUEST).read_text("utf-8")) for each in (folder, undisturbed))
    assert {**one, "created": other["created"]} == other
    assert main(smaller) == 2
    assert "also has the models logistic" in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_gains_sizes(digits: Dataset, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"models": ["logistic"], "recipes": ["sprint"], "seeds": 2, "workers": 1}
    study(digits, **asked, sizes=[100], out=tmp_path / "grown")
    study(digits, **asked, sizes=[50, 100, 200], out=tmp_path / "grown")
    study(digits, **asked, sizes=[50, 100, 200], out=tmp_path / "at once")
    assert found_in(tmp_path / "grown") == found_in(tmp_path / "at once")
    with (tmp_path / "grown" / "study.csv").open(encoding="utf-8") as table:
        assert [row["size"] for row in csv.DictReader(table)] == ["50", "100", "200"] * 2


@pytest.mark.slow
def test_a_damaged_or_different_run_is_an_error(undisturbed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(undisturbed, tmp_path / "study"))
    name = folder / "runs" / "digits-ann-sprint-1"
    (name / "predictions.npz").write_bytes(b"x")
    assert main(["study", *ASKED, "--out", str(folder), "--quiet"]) == 1
    shutil.rmtree(name)
    shutil.copytree(folder / "runs" / "digits-ann-sprint-2", name)
    with pytest.raises(RunError, match="digits-ann-sprint-1'.* seed"):
        study("digits", models=["logistic", "ann"], recipes=["sprint"], seeds=5, out=folder)


def begun(folder: Path, dataset: Dataset, **changes: Any) -> None:
    """What a study leaves that was stopped before its first run: by the refusal of another folder's content."""
    from convscope.api.study import _begin
    from convscope.studies.plan import make_plan

    asked = {"models": ["logistic"], "recipes": ["sprint"], "epochs": None, "seeds": 2, "sizes": None, "search": None}
    folder.mkdir(exist_ok=True)
    _begin(folder, make_plan(dataset, **{**asked, **changes}), dataset)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": 1}, "also has the seeds 1"),
        ({"seeds": [2, 1]}, "also has the seeds 0"),
        ({"models": ["ann"]}, "also has the models logistic"),
        ({"recipes": ["standard"]}, "also has the recipes sprint"),
        ({"sizes": [100]}, "also has the training-set sizes all"),
        ({"epochs": 3}, "with other epochs: 1 instead of 3"),
        ({"epochs": 3, "sizes": [100, "all"], "seeds": 5}, "with other epochs: 1 instead of 3"),
        ({"search": 2}, "with other search: null instead of 2"),
    ],
)
def test_a_study_with_less_or_with_other_settings_is_refused(
    digits: Dataset, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    begun(tmp_path / "study", digits)
    begun(tmp_path / "study", digits)  # the same goes on
    before = (tmp_path / "study" / REQUEST).read_bytes()
    with pytest.raises(ConfigError, match=rf"study'.*{said}.*out=DIR"):
        begun(tmp_path / "study", digits, **changes)
    assert (tmp_path / "study" / REQUEST).read_bytes() == before


def test_other_data_are_refused(digits: Dataset, tmp_path: Path) -> None:
    begun(tmp_path / "study", digits)
    with pytest.raises(ConfigError, match="with other fingerprint"):
        begun(tmp_path / "study", replace(digits, train=digits.train.take(np.arange(1, len(digits.train)))), seeds=5)


@pytest.mark.parametrize("more", [{"seeds": 3}, {"sizes": [100, "all"]}])
def test_a_study_with_a_search_gains_neither_seeds_nor_sizes(digits: Dataset, tmp_path: Path, more: dict[str, Any]) -> None:
    """The seed of the search is none of the study's, and its settings are those for the largest size."""
    begun(tmp_path / "study", digits, search=2)
    begun(tmp_path / "study", digits, search=2, models=["ann", "logistic"])
    with pytest.raises(ConfigError, match=f"with other {next(iter(more))}"):
        begun(tmp_path / "study", digits, search=2, **more)


def test_a_larger_size_keeps_the_settings_that_the_recipe_has_for_the_smaller(mnist: Dataset, tmp_path: Path) -> None:
    begun(tmp_path / "study", mnist, recipes=["standard"], sizes=[1000])  # 20 epochs; of all images, 4
    begun(tmp_path / "study", mnist, recipes=["standard"], sizes=[1000, "all"])
    with pytest.raises(ConfigError, match="with other epochs: 20 instead of 4"):
        begun(tmp_path / "study", mnist, recipes=["standard"], sizes=[1000, "all"], epochs=4)


@pytest.mark.parametrize("name", ["models", "seeds", "sizes"])
def test_a_request_without_entries_is_extended_or_one_sentence(name: str, digits: Dataset, tmp_path: Path) -> None:
    begun(tmp_path / "study", digits)
    request = json.loads((tmp_path / "study" / REQUEST).read_text("utf-8"))
    write_json(tmp_path / "study" / REQUEST, {**request, name: []})
    begun(tmp_path / "study", digits)


def test_a_folder_with_something_else_in_it_is_refused(digits: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(RunError, match=r"'thesis\.tex'"):
        study(digits, models=["logistic"], seeds=2, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_studies_cannot_share_a_folder(digits: Dataset, tmp_path: Path) -> None:
    from convscope.runs.lock import locked

    with locked(tmp_path), pytest.raises(RunExistsError, match=re.escape(str(tmp_path))):
        study(digits, models=["logistic"], seeds=2, out=tmp_path)


def test_what_differs_from_the_study_in_the_folder_is_named(digits: Dataset, tmp_path: Path) -> None:
    begun(tmp_path / "study", digits)
    provenance = replace(digits.provenance, reading=ReadOptions(test_share=0.3))
    with pytest.raises(ConfigError, match=r"with other test_share: null instead of 0\.3\."):
        begun(tmp_path / "study", replace(digits, provenance=provenance))


def test_remaining_runs_need_the_same_package_versions(digits: Dataset, tmp_path: Path) -> None:
    begun(tmp_path / "study", digits)
    request = json.loads((tmp_path / "study" / REQUEST).read_text("utf-8"))
    request["versions"]["keras"] = "3.0.0"
    write_json(tmp_path / "study" / REQUEST, request)
    with pytest.raises(ConfigError, match=r"keras 3\.0\.0.* installed"):
        study(digits, models=["logistic"], recipes=["sprint"], seeds=2, out=tmp_path / "study")


@pytest.mark.slow
def test_a_missing_scheduler_is_one_error(
    digits: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.studies.executors import dask

    monkeypatch.setattr(dask, "SECONDS_TO_CONNECT", 1)
    arguments = ["study", "digits", "--models", "logistic", "--seeds", "2", "--out", str(tmp_path / "x")]
    assert main([*arguments, "--workers", "dask:tcp://127.0.0.1:9"]) == 1
    said = capsys.readouterr().err
    assert "'tcp://127.0.0.1:9'" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [(["--seeds", "ten"], "0,1,5"), (["--sizes", "10,some"], "1000,5000,all"), (["--workers", "x"], "dask:ADDRESS"),
     (["--models", "resnet"], "'resnet'")],
)  # fmt: skip
def test_invalid_options_are_refused_before_any_work(
    flags: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "digits", "--out", str(tmp_path / "x"), *flags]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("given", [{"models": ["resnet"]}, {"recipes": ["resnet"]}])
def test_an_unknown_model_or_recipe_is_named_before_the_data_are_read(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="'resnet' is unknown"):
        study("no-such-folder", **given)


def test_the_file_of_a_network_is_run_once_before_the_workers(tmp_path: Path) -> None:
    net, runs = tmp_path / "net.py", tmp_path / "runs.txt"
    net.write_text(f"with open({str(runs)!r}, 'a') as file: file.write('x')\ndef build(shape, classes): ...")
    with pytest.raises(ConfigError, match="training set of digits"):
        study("digits", models=[f"{net}:build"], sizes=[5])
    assert runs.read_text() == "x"


def test_flags_have_the_keywords_names_and_defaults() -> None:
    import inspect

    from convscope.cli.study import command as verb

    keywords = inspect.signature(convscope.study).parameters
    defaults = verb.make_context("study", ["digits"]).params
    assert set(keywords) - {"progress", "reading"} <= set(defaults)
    for name, parameter in keywords.items():
        if name in defaults and name != "data":
            assert defaults[name] == parameter.default, name
