"""The user's own images in every form: shown, trained on, reported, without an option that they do not need."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Split
from convscope.data.known.registry import FASHION
from convscope.data.load import load_dataset
from convscope.data.read_options import DatasetLoaded, ReadOptions, ReadProgress
from convscope.errors import ConfigError
from convscope.runs import run_folder

Captured = pytest.CaptureFixture[str]
FORMATS = {"onnx": ".onnx", "keras": ".keras", "saved_model": "-saved-model", "litert": ".tflite"}
NUM_PHOTOS = 300


def digits_as_pictures(folder: Path, digits: Dataset) -> Path:
    for split, part in (("train", digits.train), ("test", digits.test)):
        for index, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
            place = folder / "digits" / split / digits.class_names[label]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(place / f"{index}.png")
    return folder / "digits"


def digits_as_table(folder: Path, digits: Dataset) -> Path:
    rows = np.concatenate([digits.train.labels[:, None], digits.train.images.reshape(len(digits.train), -1)], axis=1)
    header = ",".join(["label", *(f"pixel{index}" for index in range(64))])
    np.savetxt(folder / "digits.csv", rows, "%d", ",", header=header, comments="")
    return folder / "digits.csv"


def photos(folder: Path, digits: Dataset) -> Path:
    """Three kinds of shapes in any colour on a noisy background, as JPEGs of many sizes, some rotated by EXIF."""
    generator = np.random.default_rng(0)
    for index in range(NUM_PHOTOS):
        name = ("round", "square", "triangle")[index % 3]
        width, height = generator.integers(30, 60, 2).tolist()
        background = generator.integers(0, 90, (height, width, 3), dtype=np.uint8)
        image = Image.fromarray(background)
        draw, colour = ImageDraw.Draw(image), tuple(generator.integers(120, 256, 3).tolist())
        box = (width * 0.25, height * 0.25, width * 0.75, height * 0.75)
        if name == "round":
            draw.ellipse(box, fill=colour)
        elif name == "square":
            draw.rectangle(box, fill=colour)
        else:
            draw.polygon([(box[0], box[3]), (box[2], box[3]), (width / 2, box[1])], fill=colour)
        exif = Image.Exif()
        exif[0x0112] = 1 if index % 5 else 6
        (folder / "shapes" / name).mkdir(parents=True, exist_ok=True)
        image.save(folder / "shapes" / name / f"{index:03}.jpg", exif=exif)
    return folder / "shapes"


def fashion(folder: Path, digits: Dataset) -> Path:
    if not Path(FASHION.debian).is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")
    return Path(FASHION.debian)


MIN_ACCURACY = {digits_as_pictures: 0.95, photos: 0.75, fashion: 0.5, digits_as_table: 0.5}
"""Accuracy to reach; chance reaches a third."""


@pytest.mark.rows(1)
@pytest.mark.slow
@pytest.mark.parametrize("make", MIN_ACCURACY)
def test_each_form_is_shown_trained_on_reported_predicted_with_and_exported_without_an_option(
    make: Callable[[Path, Dataset], Path], digits: Dataset, tmp_path: Path, capsys: Captured
) -> None:
    data, run = str(make(tmp_path, digits)), str(tmp_path / "run")
    assert main(["data", data]) == 0
    assert "training and" in capsys.readouterr().out
    # A table is read and then trained on as the pictures are, and clothes are many: neither needs the whole recipe.
    quickly = ["--recipe", "sprint", "--epochs", "1"] if make in (digits_as_table, fashion) else []
    assert main(["train", data, *quickly, "--no-report", "--out", run, "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    part = load_dataset(data).test
    assert metrics["test"]["n"] == len(part)
    assert metrics["test"]["accuracy"] > MIN_ACCURACY[make]
    assert main(["report", run]) == 0, capsys.readouterr().err
    assert (run_folder.verify(run) / "report.html").stat().st_size > 100_000
    capsys.readouterr()

    files, known = originals(data, part, tmp_path)
    assert main(["predict", run, *map(str, files), "--json"]) == 0
    predicted = [each["class_name"] for each in json.loads(capsys.readouterr().out)["predictions"]]
    assert len(predicted) == len(files)
    assert np.mean([one == other for one, other in zip(predicted, known, strict=True)]) > MIN_ACCURACY[make]
    for name, ending in FORMATS.items() if make is photos else [("onnx", ".onnx")]:
        out = tmp_path / f"own{ending}"
        assert main(["export", run, "--format", name, "--out", str(out), "--json"]) == 0, capsys.readouterr().err
        agreement = json.loads(capsys.readouterr().out)["agreement"]
        assert (agreement["images"], agreement["mismatched_classes"]) == (len(part), 0)
        assert agreement["largest_logit_difference"] <= 1e-4
        if ending in (".onnx", ".keras"):
            assert main(["predict", str(out), *map(str, files), "--json"]) == 0
            found = json.loads(capsys.readouterr().out)["predictions"]
            assert [each["class_name"] for each in found] == predicted
    if make is digits_as_pictures:
        assert load_dataset(data).train.class_counts(10).tolist() == digits.train.class_counts(10).tolist()


def originals(data: str, part: Split, folder: Path) -> tuple[list[Path], list[str]]:
    """Image files as the user has them, written as PNG for other forms, with their classes."""
    if files := sorted([*Path(data).glob("test/*/*.png"), *Path(data).glob("*/*.jpg")]):
        return files[::3], [file.parent.name for file in files[::3]]
    files = [folder / f"{index}.png" for index in range(100)]
    for file, image in zip(files, part.images, strict=False):
        Image.fromarray(image.squeeze()).save(file)
    names = load_dataset(data).class_names
    return files, [names[label] for label in part.labels[: len(files)]]


@pytest.mark.slow
def test_the_options_are_in_the_record_and_the_report_reads_the_same_again(
    digits: Dataset, tmp_path: Path, no_figures: None, capsys: Captured
) -> None:
    data = photos(tmp_path, digits)
    (data / "round" / "bad.jpg").write_text("no picture")
    options = ["--image-size", "24x20", "--class-names", "Kreis,Quadrat,Dreieck", "--skip-bad-images"]
    run = tmp_path / "run"
    assert (
        main(["train", str(data), *options, "--model", "logistic", "--epochs", "1", "--out", str(run), "--no-report"]) == 0
    )
    printed = capsys.readouterr()
    assert "round/bad.jpg" in printed.err
    record = json.loads((run / "run.json").read_text("utf-8"))
    assert record["dataset"]["reading"] == {
        "image_size": [24, 20], "class_names": ["Kreis", "Quadrat", "Dreieck"], "skip_bad_images": True, "prepare": "auto",
        "most_bad": 0.2
    }  # fmt: skip
    assert record["dataset"]["image_shape"] == [24, 20, 3]
    assert record["command"].endswith("--image-size 24x20 --class-names Kreis,Quadrat,Dreieck --skip-bad-images")
    assert any("round/bad.jpg" in note for note in record["dataset"]["notes"])
    assert main(["report", str(run)]) == 0
    assert (run / "evidence.npz").is_file()
    shutil.rmtree(data / "square")
    capsys.readouterr()
    assert main(["evaluate", str(run), str(data), "--skip-bad-images", "--class-names", "Kreis,Dreieck", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["confusion"][1] == [0, 0, 0]
    with pytest.raises(ConfigError, match="round"):
        convscope.evaluate(run, data, reading=ReadOptions(skip_bad_images=True))


@pytest.mark.slow
def test_train_reports_the_reading_of_the_data(digits: Dataset, tmp_path: Path) -> None:
    data = photos(tmp_path, digits)
    events: list[object] = []

    class EnoughError(Exception):
        pass

    def listen(event: object) -> None:
        events.append(event)
        if isinstance(event, DatasetLoaded):
            raise EnoughError

    with pytest.raises(ConfigError):
        convscope.train(data, model="cnnn", progress=listen)
    assert events == []
    with pytest.raises(EnoughError):
        convscope.train(data, progress=listen, out=tmp_path / "run")
    assert ReadProgress("decoding image files", NUM_PHOTOS, NUM_PHOTOS) in events
    assert not (tmp_path / "run").exists()
