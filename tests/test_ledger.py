"""The ledger of a run: every reading of a test split is a line, whatever happens around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import api, ledger, runs
from convscope.cli.main import main
from convscope.ledger import LedgerEntry

ENTRY = LedgerEntry("2026-01-01T00:00:00+00:00", "evaluate", "measured", "di\ngits\u2028 “x”", "abc", "test", 359)


def test_a_training_notes_that_it_read_its_test_split_once(digits_run: api.Run) -> None:
    (entry,) = (entry for entry in ledger.read(digits_run.folder) if entry.verb == "train")
    dataset = digits_run.dataset
    assert (entry.verb, entry.dataset, entry.fingerprint) == ("train", "digits", dataset.fingerprint)
    assert (entry.split, entry.n, entry.times) == ("test", len(dataset.test), 1)
    assert entry.time.endswith("+00:00")


def test_evaluating_on_data_is_a_reading_and_looking_it_up_is_none(run_copy: Path, digits_run: api.Run) -> None:
    before = ledger.read(run_copy)
    api.evaluate(run_copy)
    assert ledger.read(run_copy) == before
    api.evaluate(run_copy, "digits")
    *same, last = ledger.read(run_copy)
    assert tuple(same) == before
    assert (last.verb, last.fingerprint) == ("evaluate", digits_run.dataset.fingerprint)
    assert ledger.number_of_readings((*same, last), last.fingerprint) == 1 + ledger.number_of_readings(
        same, last.fingerprint
    )
    runs.verify(run_copy)
    assert ledger.LEDGER not in runs.read_json(run_copy / runs.MANIFEST)["files"]


def test_the_command_says_how_often(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run_copy)]) == 0
    assert "this test split was read once with this run: train, 20" in capsys.readouterr().out
    assert main(["evaluate", str(run_copy), "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 2
    assert main(["evaluate", str(run_copy)]) == 0
    assert "was read 2 times with this run (evaluate 1, train 1)" in capsys.readouterr().out


def test_a_ledger_that_cannot_be_written_costs_a_note_and_no_answer(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_copy / ledger.LEDGER).unlink()
    (run_copy / ledger.LEDGER).mkdir()  # even root cannot append to a folder
    assert main(["evaluate", str(run_copy), "digits", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("accuracy ")
    assert "was not noted" in printed.err


def test_a_run_of_an_earlier_version_has_none_and_says_nothing(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_copy / ledger.LEDGER).unlink()
    assert main(["evaluate", str(run_copy)]) == 0
    assert "was read" not in capsys.readouterr().out


def test_an_entry_survives_whatever_its_texts_are(tmp_path: Path) -> None:
    assert ledger.append(tmp_path, ENTRY)
    assert ledger.read(tmp_path) == (ENTRY,)
    assert (tmp_path / ledger.LEDGER).read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("left", [b'{"time": "2026', b"\xff\xfe", b"[1]\n", b'{"n": 1}\n', b"null\n", b"\n\n"])
def test_a_line_that_was_cut_short_costs_no_other(tmp_path: Path, left: bytes) -> None:
    ledger.append(tmp_path, ENTRY)
    with (tmp_path / ledger.LEDGER).open("ab") as file:
        file.write(left)
    assert ledger.read(tmp_path) == (ENTRY,)
    ledger.append(tmp_path, ENTRY)
    assert ledger.read(tmp_path) == (ENTRY, ENTRY)


def test_keys_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    line = {**vars(ENTRY), "colour": "blue"}
    (tmp_path / ledger.LEDGER).write_text(json.dumps(line) + "\n")
    assert ledger.read(tmp_path) == (ENTRY,)


def test_several_processes_append_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from convscope import ledger; "
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
