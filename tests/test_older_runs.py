"""Runs of earlier versions lack what was not measured then; everything else still works."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope import api, runs
from convscope.arrays import load_arrays, save_arrays
from convscope.cli.main import main
from convscope.figures import gallery
from convscope.files import write_json
from convscope.run_files import EVIDENCE, LEDGER, METRICS

NEW = ("loss_interval", "brier", "brier_interval", "ece", "ece_interval", "macro_f1_interval")


@pytest.fixture
def old_run(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the version before the ledger wrote it."""
    monkeypatch.setattr(gallery, "drawers", lambda record: [])
    metrics = runs.read_json(run_copy / METRICS)
    for name in ("doubt", "mistakes"):
        del metrics[name]
    for name in NEW:
        del metrics["test"][name]
    for score in metrics["test"]["per_class"]:
        del score["f1_interval"]
    metrics["findings"] = [{"text": each["text"], "figure": each["figure"]} for each in metrics["findings"]]
    write_json(run_copy / METRICS, metrics)
    evidence = load_arrays(run_copy / EVIDENCE)
    del evidence["film/predictions"]
    save_arrays(run_copy / EVIDENCE, evidence, compressed=True)
    (run_copy / LEDGER).unlink()
    runs.write_manifest(run_copy)
    return run_copy


def test_its_report_is_made_and_its_mistakes_are_looked_into(old_run: Path) -> None:
    page = api.report(old_run)
    assert page.is_file()
    runs.verify(old_run)
    metrics = runs.read_json(old_run / METRICS)
    assert "doubt" not in metrics
    assert metrics["mistakes"]["explained"] == metrics["test"]["errors"]


def test_a_page_elsewhere_leaves_its_metrics_as_they_are(old_run: Path, tmp_path: Path) -> None:
    before = (old_run / METRICS).read_bytes()
    api.report(old_run, output=tmp_path / "page.html")
    assert (old_run / METRICS).read_bytes() == before


def test_it_answers_with_the_temperature_of_its_evidence(old_run: Path, digits_run: api.Run) -> None:
    images = digits_run.dataset.test.images[:5]
    old, new = (convscope.predict(each, images) for each in (old_run, digits_run))
    assert old.is_calibrated
    assert np.array_equal(old.probabilities, new.probabilities)


def test_it_is_evaluated(old_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(old_run)]) == 0
    assert "macro F1" in capsys.readouterr().out
    assert main(["evaluate", str(old_run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 0
