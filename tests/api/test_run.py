"""What a run's folder gives back, without a back-end and without training."""

from __future__ import annotations

import copy
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.analysis.uncertainty.uncertainty import measure_uncertainty, uncertainty_from_metrics
from convscope.data.dataset import Dataset
from convscope.errors import DatasetError, RunError
from convscope.models.predictor import Predictor
from convscope.runs import opening, run_folder
from convscope.runs.files import METRICS, REQUEST
from convscope.system.dataclass_json import to_json
from convscope.system.files import write_json


@pytest.fixture(scope="module")
def loaded(digits_run: convscope.Run) -> convscope.Run:
    return convscope.load_run(digits_run.folder)


@pytest.mark.slow
def test_a_run_is_loaded_and_queried_without_keras(digits_run: convscope.Run) -> None:
    code = (
        "import sys; sys.modules.update(keras=None, tensorflow=None); import convscope\n"
        "run = convscope.load_run(sys.argv[1])\n"
        "print(run.evaluation.errors, len(run.history), run.uncertainty.temperature, len(run.findings), run.baseline.errors)"
    )
    said = subprocess.run([sys.executable, "-c", code, str(digits_run.folder)], capture_output=True, text=True, check=True)
    uncertainty, baseline = digits_run.uncertainty, digits_run.baseline
    assert uncertainty is not None
    assert baseline is not None
    expected = (digits_run.evaluation.errors, 2, uncertainty.temperature, len(digits_run.findings), baseline.errors)
    assert said.stdout.split() == [str(each) for each in expected]
    assert said.stderr == ""


def test_the_uncertainty_is_what_was_measured(loaded: convscope.Run, digits_run: convscope.Run, digits: Dataset) -> None:
    config, evaluation = digits_run.record.request["config"], digits_run.evaluation
    measured = measure_uncertainty(Predictor(digits_run.folder / "model.onnx"), digits, evaluation, config, seed=0)
    found = loaded.uncertainty
    assert found is not None
    assert measured is not None
    for name in ("selected_on", "n", "temperature_scaling", "uncalibrated", "calibrated", "risk_coverage", "thresholds"):
        assert getattr(found, name) == getattr(measured, name), name
    for field in fields(found.curve):
        assert np.array_equal(getattr(found.curve, field.name), getattr(measured.curve, field.name))
    assert to_json(found) == loaded.metrics["uncertainty"]


def test_a_run_that_did_not_measure_its_uncertainty_has_none(digits_run: convscope.Run) -> None:
    assert uncertainty_from_metrics({}, digits_run.evaluation) is None


def test_the_baseline_and_the_findings_are_those_of_the_metrics(loaded: convscope.Run) -> None:
    baseline = loaded.baseline
    assert isinstance(baseline, convscope.Baseline)
    assert to_json(baseline) == loaded.metrics["baseline"]
    assert all(isinstance(finding, convscope.Finding) for finding in loaded.findings)
    assert [finding.text for finding in loaded.findings] == [each["text"] for each in loaded.metrics["findings"]]


def test_the_model_is_loaded_on_first_use_and_is_the_same(loaded: convscope.Run, digits_run: convscope.Run) -> None:
    weights = zip(loaded.model.get_weights(), digits_run.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)
    assert loaded.model is loaded.model
    assert loaded.dataset.fingerprint == digits_run.dataset.fingerprint
    assert loaded.stopped_early is False
    assert repr(loaded) == repr(digits_run)


def test_without_its_data_everything_but_the_data_is_there(run_copy: Path) -> None:
    request = opening.read_json(run_copy / REQUEST)
    write_json(run_copy / REQUEST, {**request, "dataset": {**request["dataset"], "source": "gone/away.npz"}})
    run_folder.write_manifest(run_copy)
    run = convscope.load_run(run_copy)
    assert run.label_audit is None
    assert len(convscope.mistakes(run)) == run.evaluation.errors
    with pytest.raises(DatasetError, match="gone/away.npz"):
        _ = run.dataset


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of another training on the same data."""
    out = tmp_path_factory.mktemp("another") / "run"
    return convscope.train("digits", recipe="sprint", seed=1, out=out, report=False).folder


def rename(run: Path, other: Path) -> None:
    shutil.rmtree(run)
    shutil.copytree(other, run)


def restore(run: Path, other: Path) -> None:
    """As a backup is restored: file by file, and those of the run before stay."""
    shutil.copytree(other, run, dirs_exist_ok=True)


def overwrite(run: Path, other: Path) -> None:
    convscope.train("digits", model="logistic", recipe="sprint", epochs=1, out=run, if_exists="overwrite", report=False)


WAYS: dict[str, Callable[[Path, Path], None]] = {"renamed": rename, "restored": restore, "overwritten": overwrite}
PARTS: dict[str, Callable[[convscope.Run], Any]] = {
    "model": lambda run: run.model,
    "metrics": lambda run: run.metrics,
    "findings": lambda run: run.findings,
    "label_audit": lambda run: run.label_audit,
    "page": lambda run: run.page,
    "show": lambda run: run.show(),
    "predict": lambda run: convscope.predict(run, np.eye(8)),
    "predict with its model": lambda run: convscope.predict(run.model, np.eye(8)),
    "open_classifier": convscope.open_classifier,
    "preprocess": lambda run: convscope.preprocess(run, np.eye(8)),
    "evaluate": convscope.evaluate,
    "examine": convscope.examine,
    "audit": convscope.audit,
    "mistakes": convscope.mistakes,
    "report": convscope.report,
    "explain": lambda run: convscope.explain(run, np.eye(8)),
    "export": convscope.export,
    "compare": lambda run: convscope.compare([run, run.folder]),
    "serve": lambda run: convscope.serve(run, port=0),
    "load_run": convscope.load_run,
}
REPLACED = r"^the run in '.*run' was replaced since it was opened\. Load it again\.$"


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_run_whose_folder_holds_another_one_says_so_and_keeps_what_it_read(
    way: str, run_copy: Path, another: Path, digits_run: convscope.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run_copy.parent)
    run, classifier = convscope.load_run("run"), convscope.open_classifier(run_copy)
    logits = convscope.predict(classifier, np.eye(8)).logits
    WAYS[way](run_copy, another)
    for name, part in PARTS.items():
        with pytest.raises(RunError, match=REPLACED):
            pytest.fail(f"{name}: {part(run)}")
    assert run.evaluation.errors == digits_run.evaluation.errors
    assert run.history == digits_run.history
    assert run.baseline == digits_run.baseline
    assert convscope.predict(classifier, np.eye(8)).logits.tolist() == logits.tolist()
    assert convscope.load_run(run_copy).metrics["train_seconds"] != run.record.metrics["train_seconds"]


@pytest.mark.slow
def test_a_model_that_a_run_gave_does_not_predict_with_the_classes_of_another(run_copy: Path, another: Path) -> None:
    model = convscope.load_run(run_copy).model
    before = convscope.predict(model, np.eye(8))[0].probability
    assert convscope.predict(model, np.eye(8))[0].probability == before
    rename(run_copy, another)
    with pytest.raises(RunError, match=REPLACED):
        convscope.predict(model, np.eye(8))


@pytest.mark.slow
def test_a_run_that_comes_back_is_the_run_and_one_that_is_half_restored_or_gone_is_none(
    run_copy: Path, another: Path, digits_run: convscope.Run, no_figures: None
) -> None:
    run = convscope.load_run(run_copy)
    shutil.copyfile(another / "model.keras", run_copy / "model.keras")
    with pytest.raises(RunError, match=r"model\.keras is damaged"):
        _ = run.model
    shutil.rmtree(run_copy)
    for part in ("model", "metrics", "page"):
        with pytest.raises(RunError, match="there is no run folder"):
            getattr(run, part)
    shutil.copytree(digits_run.folder, run_copy)
    assert run.metrics == digits_run.metrics
    assert all(map(np.array_equal, run.model.get_weights(), digits_run.model.get_weights()))
    convscope.report(run_copy)  # by the same run
    assert run.page == run_copy / "report.html"


def test_a_damaged_folder_is_no_run(run_copy: Path, tmp_path: Path) -> None:
    (run_copy / METRICS).write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json"):
        convscope.load_run(run_copy)
    with pytest.raises(RunError, match="a training wrote"):
        convscope.load_run(tmp_path / "absent")


@pytest.mark.slow
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_a_run_is_copied_and_pickled_without_figures_and_model(
    copied: Callable[[convscope.Run], convscope.Run], digits_run: convscope.Run
) -> None:
    assert digits_run.figures
    assert digits_run.model.compiled
    again = copied(digits_run)
    assert not {"figures", "model"} & vars(again).keys()
    assert again.model.compiled
    assert again.evaluation.accuracy == digits_run.evaluation.accuracy
