"""A thorough evaluation, on a copy of a real run: what it measures, what it leaves in the run, and what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import convscope
from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.api import examine
from convscope.api.examine import ExamineProgress, RobustnessReport, choose_indices
from convscope.cli import text
from convscope.cli.main import group
from convscope.data import load
from convscope.data.dataset import Dataset, Split
from convscope.errors import DatasetError, MissingBackendError
from convscope.models import backend
from convscope.runs import ledger, opening, run_folder


@pytest.fixture(scope="module")
def events() -> list[ExamineProgress]:
    return []


@pytest.fixture(scope="module")
def examined(
    digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory, events: list[ExamineProgress]
) -> RobustnessReport:
    folder = Path(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("examined") / "run"))
    return convscope.examine(folder, progress=events.append)


def metrics_of(folder: Path) -> Any:
    return opening.read_json(folder / "metrics.json")


@pytest.mark.slow
def test_the_numbers_are_in_the_run_which_stays_whole(examined: RobustnessReport, digits_run: convscope.Run) -> None:
    metrics = metrics_of(run_folder.verify(examined.folder))
    assert metrics == json.loads(json.dumps(dict(examined.metrics)))
    before = metrics_of(digits_run.folder)
    assert {name: value for name, value in metrics.items() if name in before and name != "findings"} == {
        name: value for name, value in before.items() if name != "findings"
    }
    assert metrics["robustness"]["n"] == metrics["robustness"]["test_images"] == 359
    assert metrics["robustness"]["clean"]["count"] == 359 - metrics["test"]["errors"]
    assert [kind["kind"] for kind in metrics["robustness"]["kinds"]] == list(KINDS)
    assert metrics["attacks"]["n"] == 359
    assert {each["name"] for each in metrics["ood"]["sets"]} >= {"letters", "scribbles", "inverted", "noise"}
    assert metrics["robustness"]["missing"] == {}


@pytest.mark.slow
def test_the_page_and_the_figures_have_them_too(examined: RobustnessReport) -> None:
    page = (examined.folder / "report.html").read_text("utf-8")
    assert 'id="figure-robustness"' in page
    assert "motion blur" in page
    assert "FGSM" in page
    assert (examined.folder / "figures" / "robustness.svg").is_file()
    assert any(finding["figure"] == "robustness" for finding in examined.metrics["findings"])


@pytest.mark.slow
def test_the_terminal_has_every_number_and_the_short_form_the_lines_alone(examined: RobustnessReport) -> None:
    sections = {name: examined.metrics[name] for name in ("robustness", "ood", "attacks")}
    whole, short = "\n".join(text.tables(sections)), list(text.summary(sections))
    for kind in sections["robustness"]["kinds"]:
        assert f"{100 * kind['accuracy']:.1f}" in whole
    assert len(short) == 3
    assert all(line in whole and "\n" not in line for line in short)
    assert len(list(text.tables({**sections, "attacks": None, "ood": None}))) == 1


@pytest.mark.slow
def test_progress_goes_through_the_steps_one_after_the_other(
    examined: RobustnessReport, events: list[ExamineProgress]
) -> None:
    assert list(dict.fromkeys(event.step for event in events)) == ["corruptions", "ood", "attacks", "page"]
    for step in {event.step for event in events}:
        done = [event.done for event in events if event.step == step]
        assert done == list(range(next(event.total for event in events if event.step == step) + 1))


@pytest.mark.slow
def test_examining_again_measures_the_same(examined: RobustnessReport, no_figures: None) -> None:
    again = convscope.examine(Path(shutil.copytree(examined.folder, examined.folder.with_name("again"))))
    for name in ("robustness", "ood", "attacks"):
        assert again.metrics[name] == examined.metrics[name]


@pytest.mark.slow
def test_without_a_back_end_all_but_the_attacks_is_measured(
    run_copy: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise MissingBackendError("training needs a back-end for Keras, and TensorFlow is not installed")

    monkeypatch.setattr("convscope.models.saving.require_backend", missing)
    found = convscope.examine(run_copy)
    assert backend.DEFAULT == "tensorflow"
    assert found.attacks is None
    assert found.ood is not None
    assert "TensorFlow is not installed" in found.missing["attacks"]
    kept = metrics_of(run_folder.verify(run_copy))
    assert kept["attacks"] is None
    assert kept["robustness"]["missing"] == dict(found.missing)


def test_that_the_test_images_are_read_is_in_the_ledger_before_they_are(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(examine, "measure_robustness", cut_short)
    with pytest.raises(KeyboardInterrupt):
        convscope.examine(run_copy)
    last = ledger.read(run_copy)[-1]
    assert (last.verb, last.purpose) == ("evaluate", "robustness: corruptions, attacks, OOD images")
    assert (last.split, last.n, last.times) == ("test", 359, 1)


def test_data_that_are_another_set_now_are_refused_and_the_run_stays_as_it_was(
    run_copy: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Dataset(
        "digits", digits.train, Split(255 - digits.test.images, digits.test.labels), digits.class_names, digits.provenance
    )
    monkeypatch.setattr(load, "load_digits", lambda **_: changed)
    before = (run_copy / "manifest.json").read_bytes()
    with pytest.raises(DatasetError, match="has changed"):
        convscope.examine(run_copy)
    assert (run_copy / "manifest.json").read_bytes() == before


def test_a_sample_is_stratified_and_the_same_for_every_run(mnist: Dataset) -> None:
    places = choose_indices(mnist.test, everything=False)
    assert len(places) == 1000
    counts = mnist.test.take(places).class_counts(10)
    np.testing.assert_allclose(counts, mnist.test.class_counts(10) / 10, atol=1)
    np.testing.assert_array_equal(places, choose_indices(mnist.test, everything=False))
    np.testing.assert_array_equal(choose_indices(mnist.test, everything=True), np.arange(10_000))


def test_of_large_images_fewer_are_taken() -> None:
    large = Split(np.zeros((1500, 64, 64, 3), np.uint8), np.zeros(1500, np.int64))
    assert len(choose_indices(large, everything=False)) == 325
    huge = Split(np.zeros((300, 224, 224, 3), np.uint8), np.zeros(300, np.int64))
    assert len(choose_indices(huge, everything=False)) == 200


def test_everything_belongs_to_thorough_and_thorough_to_the_runs_own_data(digits_run: convscope.Run) -> None:
    runner = CliRunner()
    folder = str(digits_run.folder)
    for arguments, sentence in (
        (["evaluate", folder, "--everything"], "--everything needs --thorough"),
        (["evaluate", folder, "digits", "--thorough"], "Leave DATA out"),
    ):
        result = runner.invoke(group, arguments)
        assert result.exit_code == 2
        assert sentence in result.output


@pytest.mark.thorough  # all that `examined` measured, in a process of its own
@pytest.mark.slow
def test_the_command_prints_tables_and_leaves_a_page_with_the_same_numbers(
    run_copy: Path, examined: RobustnessReport
) -> None:
    command = [sys.executable, "-m", "convscope", "evaluate", str(run_copy), "--thorough"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert len(result.stderr.splitlines()) == 4  # corruptions, out-of-distribution images, attacks, page
    assert "glass blur" in result.stdout
    assert "printed capital letters" in result.stdout
    assert "PGD with 10 steps" in result.stdout
    assert f"report: {run_copy / 'report.html'}" in result.stdout
    assert os.path.getmtime(run_copy / "report.html") >= os.path.getmtime(run_copy / "model.onnx")
    found = metrics_of(run_copy)
    for name in ("robustness", "ood", "attacks"):  # in a process in which nothing was trained before
        assert found[name] == json.loads(json.dumps(examined.metrics[name]))
