"""Images that hold no digit get no answer anywhere: `predict`, `explain`, JSON and CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.main import main

BLANK = {
    "white": np.full((300, 300), 255, np.uint8),
    "black of the network's size": np.zeros((8, 8), np.uint8),
    "grey": np.full((90, 120, 3), 130, np.uint8),
    "transparent": np.zeros((100, 100, 4), np.uint8),
    "faint": np.linspace(200, 212, 10_000).reshape(100, 100).astype(np.uint8),
    "paper": np.random.default_rng(0).integers(215, 230, (300, 240)).astype(np.uint8),
    "an empty pad": np.pad(np.zeros((200, 200), np.uint8), 50, constant_values=255),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BLANK)
def test_a_blank_image_is_no_digit_and_no_success(
    name: str, digits_run: convscope.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, run = str(tmp_path / "x.png"), str(digits_run.folder)
    Image.fromarray(BLANK[name]).save(image)
    assert main(["predict", run, image]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{image}: no digit found")
    assert "%" not in out
    assert "no digit found" in err
    assert "out of distribution" not in err
    assert main(["predict", run, image, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)["predictions"][0]
    assert (answer["class_name"], answer["probability"], answer["top"], answer["distance"]) == (None, None, [], None)
    assert main(["predict", run, image, "--csv", str(tmp_path / "x.csv")]) == 1
    [row] = csv.DictReader((tmp_path / "x.csv").read_text("utf-8-sig").splitlines())
    assert (row["class_name"], row["probability"]) == ("", "")
    capsys.readouterr()
    assert main(["explain", run, image, "--output", str(tmp_path / "x.html")]) == 1
    assert "no digit found" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_good_images_beside_a_blank_one_are_answered(
    digits_run: convscope.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(tmp_path / "a.png")
    Image.fromarray(BLANK["white"]).save(tmp_path / "b.png")
    assert main(["predict", str(digits_run.folder), str(tmp_path), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["predictions"]
    assert first["class_name"] in "0123456789"
    assert second["class_name"] is None


@pytest.mark.parametrize("colour", [255, 250])
def test_white_ink_on_transparency_is_read(colour: int, digits_run: convscope.Run) -> None:
    digit = np.asarray(Image.fromarray(digits_run.dataset.test.images[3, ..., 0]).resize((160, 160)))
    on_black = convscope.predict(digits_run, digit)
    layers = np.dstack([np.full((160, 160, 3), colour, np.uint8), digit])
    white_ink = convscope.predict(digits_run, layers)
    assert white_ink[0].class_name == on_black[0].class_name
    black_ink = convscope.predict(digits_run, np.dstack([np.zeros((160, 160, 3), np.uint8), digit]))
    assert black_ink[0].class_name == on_black[0].class_name
