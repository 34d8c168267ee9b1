"""Comparisons of real run folders, in Python and on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.api.compare import names_of
from convscope.cli.main import main
from convscope.errors import ConfigError, OutputError, RunError
from convscope.runs import files, opening, run_folder, store
from convscope.system.files import write_json


@pytest.mark.slow
def test_two_runs_are_compared_image_by_image(digits_run: convscope.Run, other_run: Path) -> None:
    found = convscope.compare([digits_run, other_run])
    own, other = digits_run.evaluation, store.load_record(other_run).evaluation
    labels = own.labels
    assert found.pairs[0].counts.only_first == ((own.predictions == labels) & (other.predictions != labels)).sum()
    assert [each.errors for each in found.contestants] == [own.errors, other.errors]
    assert [each.name for each in found.contestants] == ["digits", "noisy"]
    assert found.pairs[0].significant
    assert set(found.disagreements.tolist()) == set(np.flatnonzero(own.predictions != other.predictions).tolist())
    assert found.pair_of(1, 0) is found.pairs[0]
    for wrong in (0, 2, -1, "noisy", None):
        with pytest.raises(ConfigError, match="must be"):
            found.pair_of(0, wrong)  # type: ignore[arg-type]


def test_costs_are_those_of_the_files_and_the_time_is_measured(digits_run: convscope.Run, other_run: Path) -> None:
    costs = convscope.compare([digits_run, other_run]).contestants[0].costs
    metrics = digits_run.record.metrics
    assert (costs.parameters, costs.multiply_adds) == (metrics["parameters"], metrics["multiply_adds"])
    assert costs.train_seconds == pytest.approx(metrics["train_seconds"])
    assert costs.onnx_bytes == (digits_run.folder / "model.onnx").stat().st_size
    assert 0 < costs.milliseconds < 100


def test_a_duplicate_run_and_a_single_run_are_refused(digits_run: convscope.Run, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(digits_run.folder)
    for same in (digits_run.folder, link):
        with pytest.raises(ConfigError, match=re.escape(str(same))):
            convscope.compare([digits_run.folder, same])
    for alone in (digits_run.folder, [digits_run]):
        with pytest.raises(ConfigError, match="two runs.* 1|must be a list"):
            convscope.compare(alone)  # type: ignore[arg-type]


def test_runs_on_different_data_are_refused(digits_run: convscope.Run, run_copy: Path) -> None:
    request = opening.read_json(run_copy / files.REQUEST)
    request["dataset"] = {**request["dataset"], "fingerprint": "0123456789abcdef" * 4, "name": "letters"}
    write_json(run_copy / files.REQUEST, request)
    run_folder.write_manifest(run_copy)
    with pytest.raises(ConfigError, match=r"letters \(359 test images, fingerprint 0123456789ab\)") as told:
        convscope.compare([digits_run, run_copy])
    assert "\n" not in str(told.value)


def test_a_damaged_run_is_refused(digits_run: convscope.Run, run_copy: Path) -> None:
    (run_copy / "predictions.npz").write_bytes(b"")
    with pytest.raises(RunError, match=r"predictions\.npz"):
        convscope.compare([digits_run, run_copy])


def test_names_are_as_short_as_uniqueness_allows() -> None:
    assert names_of([Path("/a/x"), Path("/a/y")]) == ["x", "y"]
    assert names_of([Path("/a/one/x"), Path("/a/two/x"), Path("/a/two/y")]) == ["one/x", "two/x", "two/y"]


@pytest.mark.slow
def test_the_page_is_written_to_output_and_overwrites_nothing(
    digits_run: convscope.Run, other_run: Path, tmp_path: Path
) -> None:
    page = tmp_path / "comparison.html"
    convscope.compare([digits_run, other_run])
    assert not page.exists()
    found = convscope.compare([digits_run, other_run], out=page)
    text = page.read_text("utf-8")
    assert text.count("data:image/png;base64,") == len(found.disagreements)
    with pytest.raises(OutputError, match=r"comparison\.html'.*out=FILE, or replace it with overwrite=True"):
        convscope.compare([digits_run, other_run], out=page)
    page.write_text("old")
    convscope.compare([digits_run, other_run], out=page, overwrite=True)
    assert page.read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(OutputError, match=re.escape(str(tmp_path))):
        convscope.compare([digits_run, other_run], out=tmp_path)


@pytest.mark.slow
def test_images_that_no_run_stores_are_read_from_the_dataset(
    digits_run: convscope.Run, noisy: Callable[[str, float], Path], tmp_path: Path
) -> None:
    bare = [noisy(name, strength) for name, strength in (("one", 0.5), ("two", 6.0))]
    for folder in bare:
        (folder / "evidence.npz").unlink()
        run_folder.write_manifest(folder)
    page = tmp_path / "page.html"
    found = convscope.compare(bare, out=page)
    assert page.read_text("utf-8").count("data:image/png;base64,") == len(found.disagreements)


def test_the_command_prints_conclusion_costs_and_pairs(
    digits_run: convscope.Run, other_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(digits_run.folder), str(other_run)]) == 0
    told = capsys.readouterr()
    assert told.out.index("digits") < told.out.index("noisy")
    for word in ("multiply-adds", "ms/image", "only first correct", "convscope study"):
        assert word in told.out
    assert told.err == ""


def test_the_command_speaks_json_and_names_the_page(
    digits_run: convscope.Run, other_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["compare", str(other_run), str(digits_run.folder), "--json", "--output", str(page)]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["page"] == str(page)
    assert numbers["pairs"][0]["significant"]
    assert numbers["pairs"][0]["difference"] < 0
    assert page.is_file()


def test_the_command_refuses_duplicates_in_one_line(digits_run: convscope.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(digits_run.folder), str(digits_run.folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("convscope: error: the run ")
    assert told.err.count("\n") == 1
