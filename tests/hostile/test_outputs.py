"""Outputs that are a file of a run, an input, another output, or somebody else's file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
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
OVER_ITS_DATA = {
    "mistakes": ["mistakes", "own", "--csv", "d.npz"],
    "evaluate": ["evaluate", "own", "--csv", "loop/d.npz"],
    "compare's table": ["compare", "own", "own", "--csv", "d.npz"],
    "compare's page": ["compare", "own", "own", "-o", "./d.npz"],
    "predict": ["predict", "own", "a.png", "--csv", "d.npz"],
    "explain": ["explain", "own", "a.png", "-o", "d.npz"],
    "report": ["report", "own", "-o", "d.npz"],
    "audit": ["audit", "own", "-o", "d.npz"],
    "evaluate where they are now": ["evaluate", "own", "--data-at", "moved.npz", "--csv", "moved.npz"],
    "mistakes where they are now": ["mistakes", "own", "--data-at=moved.npz", "--csv=moved.npz"],
    "report where they are now": ["report", "own", "--data-at", "moved.npz", "-o", "loop/moved.npz"],
    "audit where they are now": ["audit", "own", "--data-at", "moved.npz", "-o", "moved.npz"],
    "names of the classes": ["data", "d.npz", "--class-names", "names.txt", "--csv", "names.txt"],
    "names of the classes, through a link": ["data", "d.npz", "--class-names=loop/names.txt", "--csv", "names.txt"],
    "names of the classes of other data": ["evaluate", "own", "d.npz", "--class-names", "names.txt", "--csv=./names.txt"],
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and a run that was trained on them."""
    folder = tmp_path_factory.mktemp("trained")
    generator = np.random.default_rng(0)
    np.savez(folder / "d.npz", x=generator.integers(0, 256, (60, 8, 8), np.uint8), y=np.arange(60) % 3)
    shutil.copy(folder / "d.npz", folder / "moved.npz")
    (folder / "names.txt").write_text("a\nb\nc\n")
    (folder / "loop").symlink_to(".")
    Image.fromarray(np.full((8, 8), 9, np.uint8)).save(folder / "a.png")
    convscope.train(folder / "d.npz", model="logistic", epochs=1, out=folder / "own", report=False)
    return folder


@pytest.mark.parametrize("arguments", OVER_ITS_DATA.values(), ids=OVER_ITS_DATA)
def test_data_of_a_run_and_files_of_options_are_not_replaced(
    arguments: list[str], trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(trained)
    names = ("d.npz", "moved.npz", "names.txt")
    before = [Path(name).read_bytes() for name in names]
    status = main([*arguments, "--overwrite"])
    assert [Path(name).read_bytes() for name in names] == before
    assert (status, "by this command already" in capsys.readouterr().err) == (1, True)


@pytest.mark.parametrize(
    "write",
    [
        lambda run: convscope.report(run, out="moved.npz", overwrite=True),
        lambda run: convscope.audit(run, folds=2, out="moved.npz", overwrite=True),
        lambda run: convscope.explain(run, "a.png", out="moved.npz", overwrite=True),
        lambda run: convscope.compare([run, run], out="moved.npz", overwrite=True),
    ],
    ids=["report", "audit", "explain", "compare"],
)
def test_python_does_not_replace_the_data_of_an_opened_run(
    write: Callable[[convscope.Run], object], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    with pytest.raises(convscope.OutputError, match="read or written"):
        write(convscope.load_run("own", data="moved.npz"))


def test_a_file_beside_the_data_is_replaced(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    Path("answers.csv").write_text("old")
    assert main(["evaluate", "own", "--csv", "answers.csv", "--overwrite"]) == 0
    assert Path("answers.csv").read_text() != "old"


LINKED_TO_ITSELF = {
    "data": ["data", "digits", "--csv", "self"],
    "mistakes": ["mistakes", "RUN", "--csv", "self"],
    "runs": ["runs", ".", "--csv", "self"],
    "explain": ["explain", "RUN", "a.png", "-o", "self"],
    "report": ["report", "RUN", "-o", "self"],
    "export": ["export", "RUN", "-o", "self"],
    "train": ["train", "digits", "--epochs", "1", "--model", "logistic", "--no-report", "-o", "self"],
}


@pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=["new", "overwrite"])
@pytest.mark.parametrize("arguments", LINKED_TO_ITSELF.values(), ids=LINKED_TO_ITSELF)
def test_a_link_to_itself_is_no_internal_error(
    arguments: list[str], more: list[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("self").symlink_to("self")
    main([each.replace("RUN", place.name) for each in [*arguments, *more]])
    assert "internal" not in capsys.readouterr().err


@pytest.mark.slow
def test_an_output_below_a_thousand_new_folders_is_no_internal_error(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = "a/" + "b/" * 1500 + "c"
    try:
        status = main(["train", "digits", "--epochs", "1", "--model", "logistic", "--no-report", "-o", deep])
    finally:
        subprocess.run(["rm", "-rf", "a"], check=True)  # shutil.rmtree, which pytest cleans up with, recurses too deeply
    assert status in (0, 1)
    assert "internal" not in capsys.readouterr().err


@pytest.mark.parametrize("given", ["no", 1, None])
def test_overwrite_is_true_or_false(given: object, place: Path) -> None:
    with pytest.raises(convscope.ConfigError, match="overwrite must be True or False"):
        convscope.report(place, out="notes.html", overwrite=given)  # type: ignore[arg-type]
    with pytest.raises(convscope.ConfigError, match="overwrite must be True or False"):
        convscope.train("digits", out=place, overwrite=given)  # type: ignore[arg-type]


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_page_of_ours_and_a_file_beside_the_runs_may_be_replaced(place: Path, tmp_path: Path, no_figures: None) -> None:
    assert [main(["report", place.name, "--output", "page.html"]) for _ in range(2)] == [0, 0]
    for option in ([], ["--overwrite"]):
        assert main(["evaluate", place.name, "--csv", f"{place.name}/errors.csv", *option]) == 0
    assert main(["report", place.name, "--output", "notes.html", "--overwrite"]) == 0
    assert b"convscope" in (tmp_path / "notes.html").read_bytes()[:4096]
