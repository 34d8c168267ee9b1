"""The user's own images in every form: shown, trained on, reported, without an option that they do not need."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from convscope import api, runs
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.data.known_sets import FASHION
from convscope.data.load import load_dataset
from convscope.data.reading import Loaded, Reading, ReadOptions
from convscope.errors import ConfigError

Captured = pytest.CaptureFixture[str]


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
    """Three kinds of shapes on noisy ground, of many sizes, as JPEGs of which some lie on their side."""
    generator = np.random.default_rng(0)
    for index in range(90):
        name = ("round", "square", "triangle")[index % 3]
        width, height = generator.integers(60, 160, 2).tolist()
        ground = generator.integers(0, 90, (height, width, 3), dtype=np.uint8)
        image = Image.fromarray(ground)
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
        image.save(folder / "shapes" / name / f"{index:02}.jpg", exif=exif)
    return folder / "shapes"


def fashion(folder: Path, digits: Dataset) -> Path:
    if not Path(FASHION.debian).is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")
    return Path(FASHION.debian)


@pytest.mark.slow
@pytest.mark.parametrize("make", [digits_as_pictures, digits_as_table, photos, fashion])
def test_each_form_is_shown_trained_on_reported_predicted_with_and_exported_without_an_option(
    make: object, digits: Dataset, tmp_path: Path, capsys: Captured
) -> None:
    data = str(make(tmp_path, digits))  # type: ignore[operator]
    assert main(["data", data]) == 0
    assert "training and" in capsys.readouterr().out
    run = str(tmp_path / "run")
    sprint = ["--recipe", "sprint", "--epochs", "1"]
    assert main(["train", data, *sprint, "--out", run, "--no-report", "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["test"]["n"] == len(load_dataset(data).test)
    assert main(["report", run]) == 0, capsys.readouterr().err
    page = (runs.verify(run) / "report.html").read_text("utf-8")
    assert "evidence-images" in page or (Path(run) / "evidence.npz").is_file()  # the data were found again
    if make is not photos:
        assert metrics["test"]["accuracy"] > 0.5
    part = load_dataset(data).test
    capsys.readouterr()
    Image.fromarray(part.images[0].squeeze()).save(tmp_path / "first.png")
    assert main(["predict", run, str(tmp_path / "first.png"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["predictions"][0]
    assert answer["done"] == ["taken as it is"]
    assert main(["export", run, "--format", "onnx", "--out", str(tmp_path / "own.onnx"), "--json"]) == 0, (
        capsys.readouterr().err
    )
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "own.onnx"), str(tmp_path / "first.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["predictions"][0]["class_name"] == answer["class_name"]
    if make is digits_as_pictures:
        assert load_dataset(data).train.class_counts(10).tolist() == digits.train.class_counts(10).tolist()


@pytest.mark.slow
def test_what_was_told_is_in_the_record_and_the_report_reads_the_same_again(
    digits: Dataset, tmp_path: Path, capsys: Captured
) -> None:
    data = photos(tmp_path, digits)
    (data / "round" / "bad.jpg").write_text("no picture")
    options = ["--image-size", "24x20", "--class-names", "Kreis,Quadrat,Dreieck", "--skip-bad-images"]
    run = tmp_path / "run"
    assert (
        main(["train", str(data), *options, "--model", "logistic", "--epochs", "1", "--out", str(run), "--no-report"]) == 0
    )
    printed = capsys.readouterr()
    assert "shapes: left out, since it cannot be read: 'round/bad.jpg' is no picture" in printed.err
    record = json.loads((run / "run.json").read_text("utf-8"))
    assert record["dataset"]["reading"] == {
        "image_size": [24, 20], "class_names": ["Kreis", "Quadrat", "Dreieck"], "skip_bad_images": True, "prepare": "auto", "most_bad": 0.2
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
    with pytest.raises(ConfigError, match="among them 'round'"):
        api.evaluate(run, data, reading=ReadOptions(skip_bad_images=True))


def test_train_tells_its_listener_of_the_reading(digits: Dataset, tmp_path: Path) -> None:
    """And refuses what can be refused before any picture is opened."""
    data = photos(tmp_path, digits)
    events: list[object] = []

    class EnoughError(Exception):
        pass

    def listen(event: object) -> None:
        events.append(event)
        if isinstance(event, Loaded):
            raise EnoughError

    with pytest.raises(ConfigError):
        api.train(data, model="cnnn", progress=listen)
    assert events == []
    with pytest.raises(EnoughError):
        api.train(data, progress=listen, out=tmp_path / "run")
    assert Reading("decoding pictures", 90, 90) in events
    assert not (tmp_path / "run").exists()
