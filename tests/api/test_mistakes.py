"""``convscope.mistakes`` as a user meets it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.metrics import evaluation_metrics
from convscope.errors import ConfigError, DatasetError, RunError
from convscope.runs import opening, run_folder
from convscope.runs.files import EVIDENCE, METRICS, PREDICTIONS, REQUEST
from convscope.system.arrays import load_arrays, save_arrays
from convscope.system.files import write_json


def test_a_run_and_its_folder_give_the_same_mistakes(digits_run: convscope.Run) -> None:
    of_run, of_folder = convscope.mistakes(digits_run), convscope.mistakes(digits_run.folder)
    assert [each.index for each in of_run] == [each.index for each in of_folder]
    assert {each.index for each in of_run} == set(digits_run.evaluation.mistakes.tolist())
    assert [each.triage for each in of_run] == [each.triage for each in of_folder]
    kinds = [each.triage.kind for each in of_run]
    assert {kind: kinds.count(kind) for kind in set(kinds)}.items() <= digits_run.record.metrics["mistakes"][
        "triage"
    ].items()


@pytest.mark.slow
def test_other_runs_vote_if_they_are_on_the_same_data(digits_run: convscope.Run, run_copy: Path, tmp_path: Path) -> None:
    alike = Path(shutil.copytree(run_copy, tmp_path / "alike"))
    predictions = load_arrays(run_copy / PREDICTIONS)
    for folder, scale, answers in ((run_copy, 1, predictions["labels"]), (alike, 2, digits_run.evaluation.predictions)):
        logits = scale * np.eye(10, dtype=np.float32)[answers]
        save_arrays(folder / PREDICTIONS, {**predictions, "logits": logits})
        told = evaluation_metrics(Evaluation(predictions["labels"], logits, digits_run.evaluation.class_names))
        write_json(folder / METRICS, {**opening.read_json(folder / METRICS), "test": told})
        run_folder.write_manifest(folder)
    for each in convscope.mistakes(digits_run, others=[run_copy, alike]):
        assert np.flatnonzero(each.votes).tolist() == sorted(each.labels)
        assert each.votes.sum() == 2
    request = opening.read_json(run_copy / REQUEST)
    write_json(run_copy / REQUEST, {**request, "dataset": {**request["dataset"], "fingerprint": "other"}})
    run_folder.write_manifest(run_copy)
    with pytest.raises(ConfigError, match=re.escape(str(run_copy))):
        convscope.mistakes(digits_run, others=[run_copy])


def test_a_run_without_images_and_data_is_refused(run_copy: Path) -> None:
    (run_copy / EVIDENCE).unlink()
    request = opening.read_json(run_copy / REQUEST)
    write_json(run_copy / REQUEST, {**request, "dataset": {**request["dataset"], "source": "gone/away.npz"}})
    run_folder.write_manifest(run_copy)
    with pytest.raises(DatasetError, match="no images of its mistakes: the data of the run, 'gone/away.npz', are not"):
        convscope.mistakes(run_copy)


def test_what_makes_no_sense_is_refused(digits_run: convscope.Run, run_copy: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="most.*-1"):
        convscope.mistakes(digits_run, most=-1)
    with pytest.raises(RunError, match="absent"):
        convscope.mistakes(tmp_path / "absent")
    link = tmp_path / "link"
    link.symlink_to(digits_run.folder)
    for others in ([digits_run], [link], [run_copy], [link, run_copy]):
        with pytest.raises(ConfigError, match="or a copy of it, is given twice, but has one vote. Name it once"):
            convscope.mistakes(digits_run, others=others)
