"""``report`` on run folders without evidence: it is collected if the data still exist, else the page gives the reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.data.dataset import Dataset
from convscope.runs import files, opening, run_folder, store
from convscope.runs.files import EVIDENCE, MANIFEST, REQUEST
from convscope.system.files import write_json

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture
def bare_run(run_copy: Path) -> Path:
    """A run as `train --no-report` leaves it, but for the page."""
    return without_evidence(run_copy)


def without_evidence(folder: Path, **dataset: str) -> Path:
    (folder / EVIDENCE).unlink()
    request = opening.read_json(folder / REQUEST)
    write_json(folder / REQUEST, {**request, "dataset": {**request["dataset"], **dataset}})
    run_folder.write_manifest(folder)
    return folder


def payload_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    payload: dict[str, Any] = json.loads(found[1])
    return payload


def files_of(run: Path) -> set[str]:
    return set(opening.read_json(run / MANIFEST)["files"])


def save_npz(path: Path, data: Dataset, *, change: int = 0) -> Path:
    train = data.train.images.copy()
    train[0, 0, 0, 0] += change
    np.savez(path, x_train=train, y_train=data.train.labels, x_test=data.test.images, y_test=data.test.labels)
    return path


def test_a_training_with_a_report_keeps_its_evidence(digits_run: convscope.Run) -> None:
    assert EVIDENCE in files_of(digits_run.folder)
    assert payload_of(digits_run.folder / "report.html")["evidence"]["test"]["count"] == len(digits_run.evaluation)


@pytest.mark.slow
def test_a_training_without_a_report_leaves_it_for_later(digits: Dataset, tmp_path: Path) -> None:
    run = convscope.train(digits, model="logistic", epochs=1, out=tmp_path / "run", report=False)
    assert EVIDENCE not in files_of(run.folder)
    payload = payload_of(convscope.report(run))
    assert payload["evidence"]["mahalanobis"]["layer"] == "flatten"
    assert EVIDENCE in files_of(run_folder.verify(run.folder))


def test_evidence_collected_later_is_the_same(bare_run: Path, digits_run: convscope.Run) -> None:
    before = payload_of(digits_run.folder / "report.html")
    after = payload_of(convscope.report(bare_run))
    assert after["evidence"] == before["evidence"]
    assert after["weights"] == before["weights"]
    assert EVIDENCE in files_of(run_folder.verify(bare_run))
    kept = store.load_record(bare_run).evidence
    assert kept is not None
    assert digits_run.record.evidence is not None
    assert np.array_equal(kept.reference_images, digits_run.record.evidence.reference_images)


@pytest.mark.slow
def test_evidence_is_collected_once(bare_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convscope.report(bare_run)
    monkeypatch.setattr(convscope, "load_dataset", lambda source: pytest.fail("the dataset was read again"))
    convscope.report(bare_run)


def test_for_a_page_elsewhere_nothing_is_written_into_the_run(bare_run: Path, tmp_path: Path) -> None:
    before = sorted(bare_run.rglob("*"))
    page = convscope.report(bare_run, out=tmp_path / "page.html")
    assert payload_of(page)["evidence"] is not None
    assert sorted(bare_run.rglob("*")) == before


def test_missing_data_are_named_on_the_page(run_copy: Path) -> None:
    run = without_evidence(run_copy, source="gone/away.npz")
    payload = payload_of(convscope.report(run))
    assert payload["evidence"] is None
    assert "the data of the run, 'gone/away.npz', are not in the current folder. " in payload["evidence_missing"]
    assert files.EVIDENCE not in files_of(run_folder.verify(run))


@pytest.mark.slow
def test_data_at_the_recorded_path_are_used_only_if_they_are_the_same(
    run_copy: Path, digits: Dataset, tmp_path: Path
) -> None:
    path = save_npz(tmp_path / "data.npz", digits, change=1)
    run = without_evidence(run_copy, source=str(path))
    assert "has changed since the network was trained" in payload_of(convscope.report(run))["evidence_missing"]
    save_npz(path, digits)
    assert payload_of(convscope.report(run))["evidence"] is not None


@pytest.mark.slow
def test_a_run_in_memory_brings_its_dataset_along(run_copy: Path, digits_run: convscope.Run) -> None:
    run = without_evidence(run_copy, source="never written to a file")
    in_memory = convscope.Run(run, digits_run.record, held_dataset=digits_run.dataset)
    assert payload_of(convscope.report(in_memory))["evidence"] is not None


@pytest.mark.slow
def test_evidence_is_collected_without_keras(bare_run: Path) -> None:
    code = ("import sys; import convscope; from convscope.figures import gallery; "
            "gallery.drawers = lambda record: []; convscope.report(sys.argv[1]); "
            "assert not {'keras', 'tensorflow', 'onnx', 'tf2onnx'} & set(sys.modules)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(bare_run)], check=True)
    assert EVIDENCE in files_of(bare_run)
