from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main
from convscope.data.load import load_dataset, reload_dataset
from convscope.data.read_options import ReadOptions
from convscope.data.split import assign_folds
from convscope.errors import ConfigError
from convscope.runs.request import describe_request, refuse_other_request
from convscope.training.recipes import find_recipe
from convscope.training.validation_split import train_and_holdout_indices


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


@pytest.mark.slow
def test_near_duplicates_are_told_by_data_and_train_and_in_the_run(
    tmp_path: Path, no_figures: None, capsys: pytest.CaptureFixture[str]
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
    assert "Of 24 test images, 24 nearly equal a training image (100.0%)" in printed.out
    assert sentence in json.loads((folder / "run.json").read_text("utf-8"))["dataset"]["problems"]
    assert sentence[1:].split(":")[0] in (folder / "report.html").read_text("utf-8")
    numbers = json.loads((folder / "metrics.json").read_text("utf-8"))["data"]["near_duplicates"]
    assert (numbers["n"], numbers["others"], numbers["accuracy_of_others"]) == (24, 0, None)
    assert numbers["images"][0] == pair
    assert main([*train, "--overwrite", "--json", "--quiet", "--no-report"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["near_duplicates"] == numbers


def scene_of(name: str) -> str:
    return Path(name).name.split("-")[0]


@pytest.mark.slow
def test_groups_by_file_name_are_offered_and_kept_in_one_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = save_scenes(tmp_path / "data"), tmp_path / "run"
    assert main(["data", str(data), "--quiet"]) == 0
    offered = re.search(r"keep each in one split with (--group-by '.*')", capsys.readouterr().out)
    assert offered is not None
    flag = shlex.split(offered[1])
    assert main(["data", str(data), *flag, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["groups"] is None
    assert told["near_duplicates"]["n"] == 0
    assert (
        main(
            [
                "train",
                str(data),
                "--recipe",
                "sprint",
                "--epochs",
                "1",
                "--quiet",
                "--no-report",
                "--out",
                str(folder),
                *flag,
            ]
        )
        == 0
    )
    capsys.readouterr()
    known = json.loads((folder / "run.json").read_text("utf-8"))
    assert known["dataset"]["reading"]["group_by"] == flag[1]
    assert flag[1] in shlex.split(known["command"])
    dataset = reload_dataset(known["dataset"])
    kept, validated, _ = train_and_holdout_indices(dataset.train, known["config"], seed=0)
    names = dataset.train.names
    splits = [{scene_of(names[i]) for i in rows.tolist()} for rows in (kept, validated)] + [
        set(map(scene_of, dataset.test.names))
    ]
    assert all(splits)
    assert sum(map(len, splits)) == len(set().union(*splits)) == 20
    assert main(["evaluate", str(folder), str(data), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["data"]
    assert (measured["used"], measured["is_own_test_split"]) == (len(dataset.test), True)


@pytest.mark.slow
def test_a_run_that_was_begun_with_other_groups_is_not_resumed(tmp_path: Path) -> None:
    save_scenes(tmp_path / "data" / "train", name="s{:02}-f{}.png")
    save_scenes(tmp_path / "data" / "test", name="t{:02}-f{}.png")
    plain, grouped = (load_dataset(tmp_path / "data", ReadOptions(group_by=each)) for each in (None, r"[st]\d+"))
    requests = [describe_request(each, "cnn", find_recipe("sprint"), 0) for each in (plain, grouped)]
    with pytest.raises(ConfigError, match="started with group_by None, not"):
        refuse_other_request(*requests)


@pytest.mark.slow
def test_groups_of_data_with_their_own_test_split_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("train", "test"):
        save_scenes(tmp_path / split, scenes=12)
    assert main(["data", str(tmp_path), "--quiet"]) == 0
    assert re.search(
        r"12 of 12 groups are in both the training and the test split \(scene00, scene01, .* and 7 more\): move each into one of "
        r"them, and validate on whole groups with --group-by 'scene\\d\+'",
        capsys.readouterr().out,
    )
    assert main(["data", str(tmp_path), "--quiet", "--group-by", r"scene\d+"]) == 0
    assert "12 of 12 groups are in both the training and the test split" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("digits", "rows of arrays or tables"),
        ("folder", "found in none of 120 files, such as 'a"),
    ],
)
def test_what_cannot_be_grouped_is_refused(
    data: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "digits" if data == "digits" else str(save_scenes(tmp_path / "data"))
    assert main(["train", source, "--group-by", "patient", "--out", str(tmp_path / "run")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_too_few_groups_to_hold_any_out_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label in "ab":
        for frame in range(8):
            path = tmp_path / "data" / label / f"scene{label}-{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.random.default_rng(frame).integers(0, 256, (8, 8), np.uint8)).save(path)
    assert main(["data", str(tmp_path / "data"), "--group-by", "scene[ab]"]) == 1
    assert "holds 16 images in 2 groups, too few to hold out a test split" in capsys.readouterr().err


def test_folds_of_the_audit_hold_whole_groups() -> None:
    groups = np.repeat(np.arange(30), 6)
    fold_of = assign_folds(groups % 3, 5, seed=0, groups=groups)
    assert all(len(set(fold_of[groups == group])) == 1 for group in range(30))
    assert np.array_equal(np.bincount(fold_of), [36] * 5)
