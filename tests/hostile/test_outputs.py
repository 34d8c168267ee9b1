"""Outputs that are a file of a run, an input, another output, or somebody else's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main

IN_A_RUN = {
    "evaluate": ["evaluate", "RUN", "--csv", "RUN/run.json", "--overwrite"],
    "mistakes": ["mistakes", "RUN", "--csv", "RUN/predictions.npz", "--overwrite"],
    "explain": ["explain", "RUN", "a.png", "--output", "RUN/metrics.json", "--overwrite"],
    "explain through ..": ["explain", "RUN", "a.png", "--output", "RUN/figures/../history.csv", "--overwrite"],
    "compare's page": ["compare", "RUN", "RUN", "--output", "RUN/report.html", "--overwrite"],
    "compare's table": ["compare", "RUN", "RUN", "--csv", "RUN/ledger.jsonl", "--overwrite"],
    "export": ["export", "RUN", "--format", "onnx", "--out", "RUN/model.onnx", "--overwrite"],
    "predict": ["predict", "RUN", "a.png", "--csv", "RUN/manifest.json", "--overwrite"],
    "data": ["data", "digits", "--csv", "RUN/snapshots.npz", "--overwrite"],
    "audit": ["audit", "RUN", "--out", "RUN/examples.npz", "--overwrite"],
    "report": ["report", "RUN", "--output", "RUN/run.json"],
    "report over all": ["report", "RUN", "--output", "RUN/evidence.npz", "--overwrite"],
    "a file that the run lacks": ["evaluate", "RUN", "--csv", "RUN/label_suspects.csv"],
    "a link to a file of the run": ["evaluate", "RUN", "--csv", "link", "--overwrite"],
}
TWICE = {
    "the picture is the page": ["explain", "RUN", "a.png", "--output", "a.png", "--overwrite"],
    "the picture is the table": ["predict", "RUN", "a.png", "--csv", "a.png", "--overwrite"],
    "one of the pictures": ["predict", "RUN", "photos", "--csv", "photos/1/b.png", "--overwrite"],
    "one of a pattern": ["predict", "RUN", "photos/*/*.png", "--csv", "photos/1/b.png", "--overwrite"],
    "the pixels are the answers": ["predict", "RUN", "t.csv", "--csv", "./t.csv", "--overwrite"],
    "the data are the list": ["data", "d.npz", "--csv", "d.npz", "--overwrite"],
    "an image of the data": ["data", "photos", "--csv", "photos/1/b.png", "--overwrite"],
    "the other data": ["evaluate", "RUN", "d.npz", "--csv", "d.npz", "--overwrite"],
    "the map of classes": ["evaluate", "RUN", "d.npz", "--map-classes", "t.csv", "--csv", "t.csv", "--overwrite"],
    "two outputs": ["compare", "RUN", "RUN", "--csv", "x.html", "--output", "x.html"],
    "a hard link": ["predict", "RUN", "a.png", "--csv", "same.png", "--overwrite"],
}
NOT_OURS = {
    "report's page": ["report", "RUN", "--output", "notes.html"],
    "report's page through a link": ["report", "RUN", "--output", "notes-link.html"],
    "explain's page": ["explain", "RUN", "a.png", "--output", "notes.html"],
    "a table": ["evaluate", "RUN", "--csv", "notes.html"],
}


@pytest.fixture
def place(run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pixels = np.full((8, 8), 9, np.uint8)
    for folder in ("photos/1", "photos/2"):
        Path(folder).mkdir(parents=True)
        Image.fromarray(pixels).save(f"{folder}/b.png")
    Image.fromarray(pixels).save("a.png")
    Path("same.png").hardlink_to("a.png")
    Path("t.csv").write_text(("0," * 63 + "0\n") * 3)
    np.savez("d.npz", x=np.zeros((20, 8, 8), np.uint8), y=np.arange(20) % 10)
    Path("notes.html").write_text("mine")
    Path("notes-link.html").symlink_to("notes.html")
    Path("link").symlink_to(run_copy / "run.json")
    return run_copy


@pytest.mark.parametrize("arguments", [*IN_A_RUN.values(), *TWICE.values(), *NOT_OURS.values()], ids=" ".join)
def test_what_is_in_the_way_is_refused_and_kept(
    arguments: list[str], place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status = main([each.replace("RUN", place.name) for each in arguments])
    shown = capsys.readouterr().err
    assert status in (1, 2)
    assert any(why in shown for why in ("is a file of a run", "by this command already", "already exists"))
    ledger = place / "ledger.jsonl"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != ledger} == {
        path: content for path, content in before.items() if path != ledger
    }


def test_a_page_of_ours_and_a_file_beside_the_runs_may_be_replaced(place: Path, tmp_path: Path) -> None:
    assert [main(["report", place.name, "--output", "page.html"]) for _ in range(2)] == [0, 0]
    for option in ([], ["--overwrite"]):
        assert main(["evaluate", place.name, "--csv", f"{place.name}/errors.csv", *option]) == 0
    assert main(["report", place.name, "--output", "notes.html", "--overwrite"]) == 0
    assert b"convscope" in (tmp_path / "notes.html").read_bytes()[:4096]
