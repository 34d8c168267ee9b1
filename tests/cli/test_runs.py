from __future__ import annotations

import csv
import json
import os
import shutil
import webbrowser
from pathlib import Path

import pytest

import convscope
from convscope.cli.main import main


@pytest.fixture
def runs(digits_run: convscope.Run, tmp_path: Path) -> Path:
    """Two runs, one of them deeper, a run without a manifest, a damaged one, and a file."""
    for name in ("first", "study/runs/second", "unfinished", "damaged"):
        shutil.copytree(digits_run.folder, tmp_path / name)
    (tmp_path / "unfinished/manifest.json").unlink()
    (tmp_path / "damaged/metrics.json").write_text("{")
    (tmp_path / "notes.txt").write_text("mine")
    request = json.loads((tmp_path / "first/run.json").read_text())
    request["created"] = "2099-01-01T00:00:00+00:00"
    (tmp_path / "first/run.json").write_text(json.dumps(request))
    return tmp_path


def test_lists_every_complete_run_the_latest_first(runs: Path, digits_run: convscope.Run) -> None:
    found = convscope.list_runs(runs)
    assert [Path(each.folder).name for each in found] == ["first", "second"]
    assert {each.accuracy for each in found} == {digits_run.evaluation.accuracy}
    assert found[0].interval == pytest.approx(digits_run.evaluation.interval)


def test_prints_a_table_paths_json_and_csv(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(runs)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["runs", str(runs), "--quiet"]) == 0
    assert capsys.readouterr().out.split() == [str(runs / "first"), str(runs / "study/runs/second")]
    assert main(["runs", str(runs), "--json", "--csv", str(runs / "runs.csv")]) == 0
    rows = json.loads(capsys.readouterr().out)
    with open(runs / "runs.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["folder"] for row in table] == [row["folder"] for row in rows]
    for cells, row in zip(table, rows, strict=True):
        assert [float(cells[name]) for name in ("accuracy_low", "accuracy_high")] == row["interval"]
        assert cells["created"] == row["created"]


def test_a_folder_without_runs_and_no_folder_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(tmp_path)]) == 0
    assert "convscope train mnist" in capsys.readouterr().out
    assert main(["runs", str(tmp_path / "missing")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_links_are_not_followed(runs: Path) -> None:
    os.symlink(runs, runs / "study" / "again")
    assert len(convscope.list_runs(runs)) == 2


def test_open_shows_the_page_in_a_browser(
    digits_run: convscope.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert main(["open", str(digits_run.folder), "-q"]) == 0
    assert capsys.readouterr().out.strip() == str(digits_run.page)
    assert opened == [digits_run.page.resolve().as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert main(["open", str(digits_run.folder)]) == 1
    assert "no browser" in capsys.readouterr().err


def test_without_a_browser_the_other_verbs_say_where_the_page_is(
    digits_run: convscope.Run,
    run_copy: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    page = str(tmp_path / "page.html")
    assert main(["compare", str(digits_run.folder), str(run_copy), "--out", page, "--open"]) == 0
    assert f"no browser could be started. Open {page!r} in one" in capsys.readouterr().err


def test_open_names_the_command_that_writes_a_page(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = convscope.train("digits", model="logistic", epochs=1, report=False, out=run_copy.parent / "bare")
    assert main(["open", str(run.folder)]) == 1
    assert "report" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["report", "compare", "explain"])
def test_output_is_a_former_name_of_out_that_help_does_not_show(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    said = capsys.readouterr().out
    assert "-o, --out" in said
    assert "--output" not in said
    assert main([verb, "run", "x", "--output", "page.html"]) in (1, 2)
    assert "no such option" not in capsys.readouterr().err.lower()
