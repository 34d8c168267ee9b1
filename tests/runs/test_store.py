from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from convscope.analysis.sampling import Examples
from convscope.api.run import Run
from convscope.errors import RunError
from convscope.runs import store


def test_a_record_survives_its_folder(digits_run: Run) -> None:
    record, again = digits_run.record, store.load_record(digits_run.folder)
    assert dict(again.request) == dict(record.request)
    assert dict(again.metrics) == dict(record.metrics)
    assert again.history == record.history
    assert np.array_equal(again.evaluation.logits, record.evaluation.logits)
    weights = again.network.weight_arrays()
    assert all(np.array_equal(array, weights[name]) for name, array in record.network.weight_arrays().items())
    for field in fields(Examples):
        assert np.array_equal(getattr(again.examples, field.name), getattr(record.examples, field.name)), field.name


def test_snapshots_are_the_weights_of_each_epoch_in_half_precision(digits_run: Run) -> None:
    again = store.load_record(digits_run.folder).snapshots
    assert len(again) == len(digits_run.history) == 2
    for kept, original in zip(again, digits_run.record.snapshots, strict=True):
        assert kept.keys() == original.keys()
        assert all(np.array_equal(kept[name], original[name].astype(np.float16)) for name in kept)


def test_evidence_survives_its_folder_with_what_it_lacks(digits_run: Run, tmp_path: Path) -> None:
    record = digits_run.record
    assert record.evidence is not None
    assert record.evidence.epoch_snapshots is not None
    bare = replace(
        record.evidence,
        nearest_neighbours=None,
        epoch_snapshots=replace(record.evidence.epoch_snapshots, confusion=None),
    )
    for evidence in (record.evidence, bare):
        store.save_record(replace(record, evidence=evidence), tmp_path)
        again = store.load_record(tmp_path).evidence
        assert again is not None
        assert np.array_equal(again.test_images, evidence.test_images)
        assert (again.sample, again.selected_on) == (evidence.sample, evidence.selected_on)
        assert (again.nearest_neighbours is None) == (evidence.nearest_neighbours is None)
        assert again.epoch_snapshots is not None
        assert (again.epoch_snapshots.confusion is None) == (evidence is bare)
        assert again.mahalanobis is not None
        assert again.mahalanobis.layer_name == "dense"


def test_evidence_of_a_training_that_was_not_finished_does_not_stay(digits_run: Run, tmp_path: Path) -> None:
    store.save_record(digits_run.record, tmp_path)
    store.save_record(replace(digits_run.record, evidence=None), tmp_path)
    assert not (tmp_path / "evidence.npz").exists()
    assert store.load_record(tmp_path).evidence is None


@pytest.mark.slow
def test_a_run_is_read_without_keras(digits_run: Run) -> None:
    code = ("import sys; from pathlib import Path; from convscope.runs import store; "
            "store.load_record(Path(sys.argv[1])); assert not {'keras', 'tensorflow'} & set(sys.modules)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(digits_run.folder)], check=True)


@pytest.mark.parametrize(
    "name", ["run.json", "metrics.json", "predictions.npz", "snapshots.npz", "examples.npz", "evidence.npz"]
)
def test_a_file_with_other_contents_is_refused(name: str, run_copy: Path) -> None:
    if name.endswith(".npz"):
        np.savez(run_copy / name, other=np.zeros(3))
    else:
        (run_copy / name).write_text("[" if name == "metrics.json" else '{"other": 1}')
    with pytest.raises(RunError):
        store.load_record(run_copy)


def test_a_pickle_in_a_run_folder_is_not_opened(run_copy: Path, tmp_path: Path) -> None:
    np.savez(run_copy / "predictions.npz", labels=np.array([print], dtype=object))
    with pytest.raises(RunError, match="cannot read"):
        store.load_record(run_copy)
