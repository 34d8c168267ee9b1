"""The audit of a real run: the files it writes, its output, and the effect of confirmed suspects."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.analysis.label_audit.suspects import LabelAudit
from convscope.api import audit as api_audit
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.errors import DatasetError, OutputError
from convscope.runs import files, ledger, opening, run_folder, store
from convscope.system.installation import pip_line

from ..audited import FOLDS, Audited  # type: ignore[import-not-found]
from ..without_figures import leave_out_figures  # type: ignore[import-not-found]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_figures")]  # trains a network per fold


def in_memory(folder: Path, dataset: Dataset) -> convscope.Run:
    return replace(convscope.load_run(folder), held_dataset=dataset)


@pytest.fixture(scope="module")
def folder(digits_run: convscope.Run, audited: Audited, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run audited with changed labels, from the checkpoint of finished folds."""
    folder = Path(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("audited") / "run"))
    shutil.copy(audited.checkpoint, folder / files.AUDIT_CHECKPOINT)
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        convscope.audit(in_memory(folder, audited.dataset), folds=FOLDS)
    return folder


@pytest.fixture(scope="module")
def audit(folder: Path) -> list[list[str]]:
    with (folder / "label_suspects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_list_is_part_of_the_run_and_the_run_is_intact(folder: Path, audit: list[list[str]], audited: Audited) -> None:
    run_folder.verify(folder)
    assert "label_suspects.csv" in opening.read_json(folder / files.MANIFEST)["files"]
    assert not list(folder.glob(".partial*"))
    top = [int(index) for split, index, *_ in audit[1:] if split == "train"][: round(0.02 * len(audited.dataset.train))]
    assert len(set(top) & set(audited.flipped.tolist())) >= 0.9 * len(audited.flipped)


def test_given_and_suggested_are_class_names_and_given_is_the_label(audit: list[list[str]], audited: Audited) -> None:
    for split, index, given, suggested, *_ in audit[1:]:
        labels = getattr(audited.dataset, split).labels
        assert audited.dataset.class_names[labels[int(index)]] == given != suggested


def test_the_networks_of_the_folds_together_count_as_much_as_the_run_unless_it_is_worse(
    folder: Path, audit: list[list[str]], audited: Audited, digits_run: convscope.Run
) -> None:
    folds, own, names = audited.found.test, digits_run.evaluation.probabilities, audited.dataset.class_names
    listed = [(int(index), names.index(given), names.index(other), float(score))
              for split, index, given, other, score, *_ in audit[1:] if split == "test"]  # fmt: skip
    assert len(listed) > 3
    for index, given, other, score in listed:
        mean = (folds[index] + own[index]) / 2
        assert score == pytest.approx((1 + mean[other] - mean[given]) / 2, abs=1e-5)
    record = store.load_record(folder)
    splits = {"validation": {**record.metrics["splits"]["validation"], "interval": [0.0, 0.5]}}
    for metrics in ({"splits": splits}, {}):
        found = api_audit._test_probabilities(
            audited.found, replace(record, metrics=metrics), FOLDS, audited.dataset.train.labels
        )
        assert found == pytest.approx((FOLDS * folds + own) / (FOLDS + 1), abs=1e-6)


def test_the_metrics_agree_with_the_list(folder: Path, audit: list[list[str]]) -> None:
    numbers = opening.read_json(folder / "metrics.json")["label_audit"]
    for split in ("train", "test"):
        listed = [row for row in audit[1:] if row[0] == split]
        assert numbers[split]["suspects"] == len(listed) == sum(each["suspects"] for each in numbers[split]["per_class"])
        assert numbers[split]["per_class"][3]["suspects"] == sum(row[2] == "3" for row in listed)
    assert [[each["split"], str(each["index"])] for each in numbers["worst"]] == [row[:2] for row in audit[1:101]]
    assert (numbers["folds"], numbers["model"], numbers["recipe"]) == (FOLDS, "cnn", "sprint")
    assert store.load_record(folder).metrics["label_audit"] == numbers


def test_an_audit_is_loaded_without_auditing_again(folder: Path, audit: list[list[str]]) -> None:
    found = convscope.load_run(folder).label_audit
    assert found is not None
    assert [
        [split, str(index), given, suggested, f"{score:.6f}"] for split, index, given, suggested, score in found.rows()
    ] == [row[:5] for row in audit[1:]]
    assert list(found.files) == [row[5] for row in audit[1:]]
    numbers, again = opening.read_json(folder / "metrics.json")["label_audit"], found.as_dict()
    for key in ("train", "test", "suspects", "notes"):
        assert again[key] == numbers[key]


def test_audit_scores_are_evidence_in_the_triage_of_errors(folder: Path, audit: list[list[str]]) -> None:
    scores = {int(index): float(score) for split, index, _, _, score, _ in audit[1:] if split == "test"}
    told = opening.read_json(folder / "metrics.json")["mistakes"]
    assert told["audited"]
    assert [each["audit_score"] for each in told["list"]] == [scores.get(each["index"]) for each in told["list"]]
    for each in convscope.mistakes(folder):
        assert each.triage.evidence[-1].startswith("the label audit ")


def test_reading_the_test_images_is_recorded_before_a_fold_predicts_them(
    run_copy: Path, audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(*_: object, before_reading: Callable[[], object], **__: object) -> None:
        before_reading()
        raise KeyboardInterrupt

    monkeypatch.setattr(api_audit, "cross_validate", cut_short)
    with pytest.raises(KeyboardInterrupt):
        convscope.audit(in_memory(run_copy, audited.dataset), folds=FOLDS)
    last = ledger.read(run_copy)[-1]
    assert (last.verb, last.purpose) == ("audit", "the networks of the label audit")
    assert (last.split, last.n, last.times) == ("test", 359, 1)


def test_an_audit_with_finished_folds_reads_nothing_again(folder: Path) -> None:
    assert "audit" not in {entry.verb for entry in ledger.read(folder)}


def test_a_note_asks_for_review(folder: Path) -> None:
    assert "review each image" in " ".join(opening.read_json(folder / "metrics.json")["label_audit"]["notes"])


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "run"))


def test_confirmed_suspects_change_the_accuracy_as_counted_by_hand(folder: Path, tmp_path: Path) -> None:
    folder = copied(folder, tmp_path)
    evaluation = store.load_record(folder).evaluation
    mistakes = evaluation.mistakes[:3].tolist()
    right = int(np.flatnonzero(evaluation.predictions == evaluation.labels)[0])
    kept = tmp_path / "kept.csv"
    rows = [f"test,{place},{evaluation.labels[place]}" for place in [*mistakes, right]]
    kept.write_text("\n".join(["split,index,given", "train,5,5", *rows]) + "\n")
    found = convscope.audit(folder, confirmed=kept)
    assert isinstance(found, LabelAudit)
    assert found.confirmed is not None
    n, errors = len(evaluation), evaluation.errors
    assert (found.confirmed.confirmed_train, found.confirmed.confirmed_test) == (1, 4)
    assert found.confirmed.accuracy_without == pytest.approx(1 - (errors - 3) / (n - 4))
    assert found.confirmed.difference == pytest.approx(found.confirmed.accuracy_without - evaluation.accuracy)
    again = convscope.load_run(folder).label_audit
    assert again is not None
    assert again.confirmed == found.confirmed
    assert [row[:4] for row in again.rows()] == [row[:4] for row in found.rows()]
    numbers = opening.read_json(run_folder.verify(folder) / "metrics.json")["label_audit"]["confirmed"]
    assert numbers["difference_interval"] == pytest.approx(
        [found.confirmed.difference_interval.low, found.confirmed.difference_interval.high]
    )


def test_confirmed_labels_stay_in_the_list_and_the_data_stay_as_they_are(
    folder: Path, audit: list[list[str]], audited: Audited, tmp_path: Path
) -> None:
    folder = copied(folder, tmp_path)
    split, index, given, suggested, score, file = next(row for row in audit[1:] if row[0] == "test")
    labels = audited.dataset.test.labels.copy()
    saved = tmp_path / "from-the-page.csv"
    saved.write_text(
        "split,index,given,suggested,score,confirmed,corrected,note\n"
        f"{split},{index},{given},{suggested},,yes,{suggested},by eye\n"
    )
    assert main(["audit", str(folder), "--confirmed", str(saved), "--quiet"]) == 0
    (tmp_path / "empty.csv").write_text("split,index,given\n")
    convscope.audit(folder, confirmed=tmp_path / "empty.csv")
    with (run_folder.verify(folder) / "label_suspects.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert [split, index, given, suggested, score, file, "yes", suggested, "by eye"] in rows
    assert [row[:6] for row in rows[1:] if row[4]] == audit[1:]
    shutil.copy(audited.checkpoint, folder / files.AUDIT_CHECKPOINT)
    again = convscope.audit(in_memory(folder, audited.dataset), folds=FOLDS)
    assert again.confirmed is not None
    assert again.confirmed.confirmed_test >= 1
    assert "by eye" in (folder / "label_suspects.csv").read_text("utf-8")
    np.testing.assert_array_equal(audited.dataset.test.labels, labels)


def test_the_command_prints_the_result_and_copies_the_list(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("split,index,given\n")
    copy = tmp_path / "copy.csv"
    assert main(["audit", str(folder), "--confirmed", str(empty), "--out", str(copy)]) == 0
    told = capsys.readouterr().out
    assert "among 1,438 labels" in told
    assert "review each image" in told
    assert told.splitlines()[-1] == f"list: {folder / 'label_suspects.csv'}"
    assert copy.read_bytes() == (folder / "label_suspects.csv").read_bytes()
    assert main(["audit", str(folder), "--confirmed", str(empty), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["train"]["n"] == 1438


def test_existing_outputs_and_missing_lists_are_rejected_before_any_work(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
        convscope.audit(folder, out=there)
    with pytest.raises(OutputError, match="is a folder"):
        convscope.audit(folder, out=tmp_path)
    with pytest.raises(DatasetError, match="cannot be read"):
        convscope.audit(folder, confirmed=tmp_path / "nothing.csv")
    assert there.read_text() == "mine"


def test_without_cleanlab_the_error_says_how_to_install_it(folder: Path) -> None:
    code = (
        "import importlib.util as u, sys; known = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'cleanlab' else known(name, *rest)\n"
        f"from convscope.cli.main import main; sys.exit(main(['audit', {str(folder)!r}]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"convscope: error: the label audit needs cleanlab, which is not installed. Install it with: {pip_line('audit')}\n"
    )


def test_every_suspect_is_copied_by_rank(folder: Path, audit: list[list[str]], audited: Audited, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text(",".join(audit[0]) + "\n", "utf-8")
    run = in_memory(folder, audited.dataset)
    convscope.audit(run, confirmed=tmp_path / "none.csv", copy_to=tmp_path / "copies")
    copies = sorted(path.name for path in (tmp_path / "copies").iterdir())
    width = len(str(len(audit) - 1))
    assert copies == [
        f"{rank:0{width}}-{given}-perhaps-{suggested}-{split}-{index}.png"
        for rank, (split, index, given, suggested, *_) in enumerate(audit[1:], start=1)
    ]
    with pytest.raises(OutputError, match=r"copies' is not empty.*copy_to=DIR"):
        convscope.audit(run, confirmed=tmp_path / "none.csv", copy_to=tmp_path / "copies")
