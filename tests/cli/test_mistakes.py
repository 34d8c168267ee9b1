"""``convscope mistakes`` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

import convscope
from convscope.analysis.mistakes.triage import KINDS
from convscope.cli import mistakes
from convscope.cli.main import main
from convscope.runs import run_folder
from convscope.runs.files import PREDICTIONS
from convscope.system.arrays import load_arrays, save_arrays


@pytest.mark.slow
def test_the_table_has_a_line_per_mistake_with_hint_and_reason(
    digits_run: convscope.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mistakes", str(digits_run.folder)]) == 0
    head, *lines, _, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["index", "true", "predicted", "p(true)", "p(predicted)", "file", "cause", "reason"]
    found = convscope.mistakes(digits_run)
    for line, mistake in zip(lines, found, strict=True):
        assert line.split()[:3] == [str(mistake.index), mistake.true, mistake.predicted]
        assert f"  {mistake.triage.kind} " in line
        assert f"  {mistake.file}  " in line
        probabilities, *others = mistake.triage.evidence
        assert line.endswith("; ".join(others))
        assert probabilities not in line  # the columns hold them
    kinds = [mistake.triage.kind for mistake in found]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS)
    assert counts in last
    assert str(len(found)) in last
    assert main(["mistakes", str(digits_run.folder), "--quiet", "--most", "1"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [head.split(), lines[0].split()]


def test_without_a_list_the_number_of_errors_is_said(digits_run: convscope.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mistakes", str(digits_run.folder), "--most", "0"]) == 0
    assert capsys.readouterr().out == f"{digits_run.evaluation.errors} errors\n"


def test_the_json_is_a_table_of_plain_values(digits_run: convscope.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mistakes", str(digits_run.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = told["mistakes"]
    assert told["errors"] == told["explained"] == sum(told["hints"].values()) == digits_run.evaluation.errors
    assert all(not isinstance(value, list | dict) for row in rows for value in row.values())
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    again = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert [int(row["index"]) for row in again] == [mistake.index for mistake in convscope.mistakes(digits_run)]
    listed = digits_run.record.metrics["mistakes"]["list"]
    assert [(row["hint"], row["reason"]) for row in rows] == [(each["triage"], each["reason"]) for each in listed]


def test_on_a_terminal_the_reasons_are_wrapped_in_their_column(
    digits_run: convscope.Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mistakes.sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(mistakes.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((124, 24)))
    assert main(["mistakes", str(digits_run.folder), "--quiet", "--most", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 4
    assert max(len(line) for line in lines) <= 124


def test_other_runs_vote(digits_run: convscope.Run, run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predictions = load_arrays(run_copy / PREDICTIONS)
    save_arrays(run_copy / PREDICTIONS, {**predictions, "logits": predictions["logits"] + 1})  # the same classes
    run_folder.write_manifest(run_copy)
    assert main(["mistakes", str(digits_run.folder), "--others", str(run_copy), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["mistakes"]
    assert all((row["votes"], row["votes_for_prediction"], row["votes_right"]) == (1, 1, 0) for row in rows)


def test_what_is_no_study_is_refused_in_a_sentence(
    digits_run: convscope.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mistakes", str(digits_run.folder), "--study", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert str(tmp_path) in said.err
