"""Swapped arguments and misspelt paths: each suggestion is one that works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset


@pytest.fixture
def workplace(digits_run: convscope.Run, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with runs/digits-cnn-standard-0, photos/four.png and mine/labelled.npz."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(digits_run.folder, tmp_path / "runs" / "digits-cnn-standard-0")
    (tmp_path / "photos").mkdir()
    Image.fromarray(digits.test.images[0, ..., 0]).save(tmp_path / "photos" / "four.png")
    (tmp_path / "mine").mkdir()
    np.savez(tmp_path / "mine" / "labelled.npz", x=digits.test.images, y=digits.test.labels)
    return tmp_path


RUN = "runs/digits-cnn-standard-0"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "suggested"),
    [
        (["predict", "photos/four.png", RUN], f"convscope predict {RUN} photos/four.png"),
        (["predict", "photos/four.png", f"{RUN}/model.onnx"], f"convscope predict {RUN}/model.onnx photos/four.png"),
        (["predict", "photos/four.png", "photos", RUN], f"convscope predict {RUN} photos/four.png photos"),
        (["explain", "photos/four.png", RUN], f"convscope explain {RUN} photos/four.png"),
        (["evaluate", "mine/labelled.npz", RUN], f"convscope evaluate {RUN} mine/labelled.npz"),
        (["evaluate", "digits", RUN], f"convscope evaluate {RUN} digits"),
    ],
)
def test_swapped_arguments_are_put_right(
    command: list[str], suggested: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    assert suggested in capsys.readouterr().err
    assert main(shlex.split(suggested)[1:]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "wrong", "right"),
    [
        (["predict", "digits-cnn-standard-0", "photos"], 1, RUN),
        (["predict", "digits-cnn-standrd-0", "photos"], 1, RUN),
        (["predict", "runs/digits-cnn-standrd-0", "photos"], 1, RUN),
        (["predict", "run/digits-cnn-standard-0", "photos"], 1, RUN),
        (["mistakes", "Runs/Digits-CNN-standard-0"], 1, RUN),
        (["mistakes", f"{RUN}/report.html"], 1, RUN),
        (["mistakes", "runs"], 1, RUN),
        (["evaluate", RUN, "mine/labeled.npz"], 2, "mine/labelled.npz"),
        (["evaluate", RUN, "min/labelled.npz"], 2, "mine/labelled.npz"),
        (["predict", RUN, "photos/fuor.png"], 2, "photos/four.png"),
        (["predict", RUN, "photo/four.png"], 2, "photos/four.png"),
        (["predict", RUN, "photos/four.PNG"], 2, "photos/four.png"),
    ],
)
def test_a_misspelt_path_gets_a_suggestion_that_works(
    command: list[str], wrong: int, right: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    said = capsys.readouterr().err
    assert repr(right) in said
    assert main([*command[:wrong], right, *command[wrong + 1 :]]) == 0


@pytest.mark.parametrize("name", ["something-else", "runs/unlike", "/no/such/place", "x" * 300, "photos"])
def test_nothing_is_suggested_where_nothing_is_near(name: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mistakes", name]) == 1
    assert not re.search("did you mean", capsys.readouterr().err, re.IGNORECASE)


def test_a_run_folder_in_use_is_refused_before_images_are_read(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "bad").mkdir()
    (workplace / "bad" / "train.csv").write_text("not a table")
    shutil.copytree(RUN, "runs/bad-cnn-standard-0")
    for arguments in (["bad"], ["bad", "--out", RUN]):
        assert main(["train", *arguments]) == 1
        assert "already holds a complete run" in capsys.readouterr().err
    assert main(["train", "bad", "--out", "runs/new"]) == 1
    assert "bad" in capsys.readouterr().err
    assert not Path("runs/new").exists()
