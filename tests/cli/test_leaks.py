from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main


def save_scenes(folder: Path, scenes: int = 20, frames: int = 6, name: str = "scene{:02}-frame{}.png") -> Path:
    """Frames of random scenes with a little noise; the class of a scene is random."""
    generator = np.random.default_rng(0)
    for scene in range(scenes):
        picture = np.kron(generator.integers(0, 256, (6, 6)), np.ones((4, 4)))
        label = "ab"[scene % 2 if scene < 4 else generator.integers(2)]
        for frame in range(frames):
            path = folder / label / name.format(scene, frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(picture + generator.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
    return folder


def test_near_duplicates_are_told_by_data_and_train_and_in_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder = save_scenes(tmp_path / "data"), tmp_path / "run"
    assert main(["data", str(data), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    number = told["near_duplicates"]["n"]
    assert number == told["test"]["n"] == 24
    pair = told["near_duplicates"]["images"][0]
    assert pair["test"].split("-")[0] == pair["train"].split("-")[0] != pair["test"]
    sentence = next(problem for problem in told["problems"] if "nearly the same" in problem)
    assert f"{pair['test']} ≈ {pair['train']}" in sentence
    train = ["train", str(data), "--recipe", "sprint", "--epochs", "1", "--out", str(folder)]
    assert main(train) == 0
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert "24 of 24 test images (100.0%) nearly equal a training image" in printed.out
    assert sentence in json.loads((folder / "run.json").read_text("utf-8"))["dataset"]["problems"]
    assert sentence[1:].split(":")[0] in (folder / "report.html").read_text("utf-8")
    numbers = json.loads((folder / "metrics.json").read_text("utf-8"))["data"]["near_duplicates"]
    assert (numbers["n"], numbers["others"], numbers["accuracy_of_others"]) == (24, 0, None)
    assert numbers["images"][0] == pair
    assert main([*train, "--overwrite", "--json", "--quiet", "--no-report"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["near_duplicates"] == numbers
