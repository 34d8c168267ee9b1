"""The ledger of a run: every read of a test split is a line, even if it fails."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.api.train import _recording_validation
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.runs import ledger, opening, run_folder
from convscope.runs.files import LEDGER, MANIFEST
from convscope.runs.ledger import LedgerEntry
from convscope.training.events import Event, TrainProgress
from convscope.training.recipes import standard

ENTRY = LedgerEntry("2026-01-01T00:00:00+00:00", "evaluate", "measured", "di\ngits\u2028 “x”", "abc", "test", 359)


def test_a_training_with_its_report_records_every_read_of_its_test_split(digits_run: convscope.Run) -> None:
    """With two epochs, the snapshots are evaluated after the first; the result of the last is the final evaluation."""
    entries = [entry for entry in ledger.read(digits_run.folder) if entry.verb == "train"]
    first, second, third = (entry.purpose for entry in entries)
    assert (first, third) == ("the final evaluation", "the baseline ann")
    assert "epochs" in second
    assert {entry.times for entry in entries} == {1}
    dataset = digits_run.dataset
    for entry in entries:
        assert (entry.dataset, entry.fingerprint) == ("digits", dataset.fingerprint)
        assert (entry.split, entry.n) == ("test", len(dataset.test))
        assert entry.time.endswith("+00:00")
    assert digits_run.record.readings == ledger.read(digits_run.folder)[: len(entries)]


def test_a_line_is_written_before_the_images_are_read(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"

    def broken(*_: object, **__: object) -> None:
        found = ledger.read(folder)
        raise RuntimeError(f"read {[(entry.purpose, entry.times) for entry in found]}")

    monkeypatch.setattr(importlib.import_module("convscope.api.train"), "export_onnx", broken)
    small = Dataset("small", digits.train.take(np.arange(200)), digits.test, digits.class_names, digits.provenance)
    with pytest.raises(RuntimeError, match=r"read \[\('the final evaluation', 1\)\]"):
        convscope.train(small, model="logistic", epochs=1, out=folder)


def test_validating_on_the_test_split_is_recorded_once_an_epoch_and_before_it_ends(tmp_path: Path) -> None:
    config, known = replace(standard(), validation="test"), ledger.Ledger(tmp_path, "train", "digits", "abc", 359)
    told: list[Event] = []
    listener = _recording_validation(told.append, config, known, "validation after every epoch")
    assert listener is not None
    for epoch, images_done in ((1, 0), (1, 500), (2, 0), (2, 500)):
        listener(TrainProgress("cnn", epoch, 2, images_done, 1438, 0.1, 0.9, 1.0, None))
        assert ledger.counts_by_purpose(ledger.read(tmp_path), "abc") == {"validation after every epoch": epoch}
    assert len(told) == 4
    assert _recording_validation(None, standard(), known, "validation") is None


def test_evaluating_on_data_is_recorded_and_looking_a_result_up_is_not(run_copy: Path, digits_run: convscope.Run) -> None:
    before = ledger.read(run_copy)
    convscope.evaluate(run_copy)
    assert ledger.read(run_copy) == before
    convscope.evaluate(run_copy, "digits")
    *same, last = ledger.read(run_copy)
    assert tuple(same) == before
    assert (last.verb, last.fingerprint) == ("evaluate", digits_run.dataset.fingerprint)
    assert last.purpose == "an evaluation"
    assert ledger.number_of_readings((*same, last), last.fingerprint) == 1 + ledger.number_of_readings(
        same, last.fingerprint
    )
    run_folder.verify(run_copy)
    assert LEDGER not in opening.read_json(run_copy / MANIFEST)["files"]


@pytest.mark.slow
def test_the_command_prints_how_often(run_copy: Path, digits_run: convscope.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run_copy)]) == 0
    words = ledger.describe(ledger.counts_by_purpose(ledger.read(run_copy), digits_run.dataset.fingerprint))
    assert "3 times" in words
    assert words in capsys.readouterr().out
    assert main(["evaluate", str(run_copy), "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 4
    assert main(["evaluate", str(run_copy)]) == 0
    assert " 4 times: " in capsys.readouterr().out


@pytest.mark.slow
def test_the_page_shows_how_often_and_what_for(run_copy: Path, digits_run: convscope.Run, no_figures: None) -> None:
    convscope.evaluate(run_copy, "digits")
    words = ledger.describe(ledger.counts_by_purpose(ledger.read(run_copy), digits_run.dataset.fingerprint))
    assert "4 times" in words
    assert words in convscope.report(run_copy).read_text("utf-8")
    (run_copy / LEDGER).unlink()
    text = convscope.report(run_copy).read_text("utf-8")
    assert words not in text
    assert "read 0 times" not in text


def test_purposes_are_counted_in_the_order_of_their_first_reads() -> None:
    def entry(purpose: str, times: int = 1, fingerprint: str = "abc") -> LedgerEntry:
        return LedgerEntry("2026", "train", purpose, "digits", fingerprint, "test", 359, times)

    found = ledger.counts_by_purpose([entry("a"), entry("b", 3), entry("a", 2), entry("c", 9, "other")], "abc")
    assert found == {"a": 3, "b": 3}
    assert ledger.describe(found) == "read 6 times: a (3 times); b (3 times)"
    assert ledger.describe({"a": 1}) == "read once: a"


def test_a_ledger_that_cannot_be_written_costs_a_note_and_no_result(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_copy / LEDGER).unlink()
    (run_copy / LEDGER).mkdir()  # even root cannot append to a folder
    assert main(["evaluate", str(run_copy), "digits", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("test accuracy ")
    assert printed.err


def test_a_run_of_an_earlier_version_has_none_and_prints_nothing(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_copy / LEDGER).unlink()
    assert main(["evaluate", str(run_copy)]) == 0
    assert "times: " not in capsys.readouterr().out


def test_an_entry_with_any_text_survives(tmp_path: Path) -> None:
    assert ledger.append(tmp_path, ENTRY)
    assert ledger.read(tmp_path) == (ENTRY,)
    assert (tmp_path / LEDGER).read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("left", [b'{"time": "2026', b"\xff\xfe", b"[1]\n", b'{"n": 1}\n', b"null\n", b"\n\n"])
def test_a_line_that_was_cut_short_costs_no_other(tmp_path: Path, left: bytes) -> None:
    ledger.append(tmp_path, ENTRY)
    with (tmp_path / LEDGER).open("ab") as file:
        file.write(left)
    assert ledger.read(tmp_path) == (ENTRY,)
    ledger.append(tmp_path, ENTRY)
    assert ledger.read(tmp_path) == (ENTRY, ENTRY)


def test_keys_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    line = {**vars(ENTRY), "colour": "blue"}
    (tmp_path / LEDGER).write_text(json.dumps(line) + "\n")
    assert ledger.read(tmp_path) == (ENTRY,)


@pytest.mark.slow
def test_several_processes_append_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from convscope.runs import ledger; "
        "[ledger.append(sys.argv[1], ledger.LedgerEntry(str(n), sys.argv[2], 'x' * 500, 'd', 'f', 'test', n)) for n in range(40)]"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(number)]) for number in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    entries = ledger.read(tmp_path)
    assert len(entries) == 160
    for number in range(4):
        assert [entry.n for entry in entries if entry.verb == str(number)] == list(range(40))


def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert not ledger.append(tmp_path, ENTRY)


def test_validating_on_the_test_split_is_counted_by_epochs(tmp_path: Path) -> None:
    entries = (ENTRY, LedgerEntry(**{**vars(ENTRY), "times": 10}), LedgerEntry(**{**vars(ENTRY), "fingerprint": "other"}))
    assert ledger.number_of_readings(entries, "abc") == 11
