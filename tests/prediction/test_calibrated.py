"""Probabilities are calibrated if the run is; otherwise the output says so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

import convscope
from convscope.api.run import Run
from convscope.cli.main import main
from convscope.exporters.metadata import metadata_for_run
from convscope.runs import files, opening, run_folder
from convscope.system.files import write_json


@pytest.fixture
def image_file(digits_run: Run, tmp_path: Path) -> Path:
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


@pytest.fixture
def uncalibrated(run_copy: Path) -> Path:
    """A run that made no mistake on its validation images."""
    metrics = opening.read_json(run_copy / files.METRICS)
    metrics["uncertainty"].update(temperature=None, calibrated=None)
    write_json(run_copy / files.METRICS, metrics)
    run_folder.write_manifest(run_copy)
    return run_copy


def test_probabilities_are_calibrated(digits_run: Run) -> None:
    found = convscope.predict(digits_run, digits_run.dataset.test.images[:20])
    temperature = digits_run.record.metrics["uncertainty"]["temperature"]
    assert found.is_calibrated
    assert found.temperature == temperature != 1
    assert found.probabilities == pytest.approx(softmax(found.logits.astype(np.float64) / temperature, axis=1))
    assert np.array_equal(found.labels[:, 0], digits_run.evaluation.predictions[:20])


def test_a_model_file_has_the_temperature_of_a_run_without_evidence(digits_run: Run) -> None:
    bare = replace(digits_run.record, evidence=None)
    assert metadata_for_run(bare).temperature == digits_run.record.metrics["uncertainty"]["temperature"]
    alone, of_run = (convscope.predict(each, digits_run.dataset.test.images[:3])
                     for each in (digits_run.folder / "model.onnx", digits_run))  # fmt: skip
    assert alone.is_calibrated
    assert np.array_equal(alone.probabilities, of_run.probabilities)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "not shown to help"),
        ({"temperature_scaling": None}, "no validation image is misclassified"),
        ({"selected_on": "training"}, "no validation images of its own"),
    ],
)
def test_why_a_calibration_is_missing_is_said(
    changes: dict[str, Any], reason: str, uncalibrated: Path, image_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = opening.read_json(uncalibrated / files.METRICS)
    metrics["uncertainty"].update(changes)
    write_json(uncalibrated / files.METRICS, metrics)
    run_folder.write_manifest(uncalibrated)
    assert main(["predict", str(uncalibrated), str(image_file)]) == 0
    assert re.search(f"not calibrated: [^:]*{reason}", capsys.readouterr().err)
    assert main(["predict", str(uncalibrated), str(image_file), "--quiet", "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out)["calibrated"] is False


def test_evaluate_states_the_scores_of_the_report_and_which_are_uncalibrated(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = opening.read_json(run_copy / files.METRICS)["uncertainty"]
    assert main(["evaluate", str(run_copy)]) == 0
    lines = capsys.readouterr().out.splitlines()
    for start, scores in (("before", measured["uncalibrated"]), ("after", measured["calibrated"])):
        (line,) = (each for each in lines if each.startswith(f"{start} temperature scaling"))
        (low, high), value = scores["ece"]["interval"], scores["ece"]["value"]
        assert f"calibration error (ECE) {value:.4f} ({low:.4f}–{high:.4f})" in line


def test_a_calibrated_run_reports_nothing(digits_run: Run, image_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(digits_run.folder), str(image_file), "--json"]) == 0
    printed = capsys.readouterr()
    assert "not calibrated" not in printed.err
    assert json.loads(printed.out)["calibrated"] is True
