"""Photos of handwriting and sheets of it, from the file to the answer."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.api.run import Run
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.figures import gallery
from convscope.prediction.classifier import open_classifier
from convscope.prediction.classify import predict

from ..drawn_digits import STYLES, drawn, ways_of  # type: ignore[import-not-found]
from ..handwriting import Photo, enlarged, laid_out, penned, photo_of_one, photo_of_sheet, photographed  # type: ignore[import-not-found]

PHOTOS = Path(__file__).parents[2] / "benchmarks" / "results" / "photos.json"
ROWS = ([2], [5], [1, 1], [3, 2], [2, 3, 1], [4, 4, 4], [6, 6], [2, 2, 2, 2], [1, 2, 3], [3, 3, 3])


def twenty_photos(mnist: Dataset) -> list[Photo]:
    """Half with digits of MNIST's test split for ink, half with splines; two of each digit."""
    photos = []
    for number in range(20):
        random, label = np.random.default_rng([20, number]), number // 2
        if number % 2:
            ink = penned(str(label), int(random.integers(120, 300)), random)
        else:
            image = random.choice(np.flatnonzero(mnist.test.labels == label))
            ink = enlarged(mnist.test.images[image, ..., 0], int(random.integers(120, 300)), random)
        photos.append(photo_of_one(ink, str(label), random))
    return photos


def some_sheets(mnist: Dataset, count: int) -> list[Photo]:
    """With 2 to 12 digits."""
    sheets = []
    for number in range(count):
        random, rows = np.random.default_rng([40, number]), list(ROWS[number % len(ROWS)])
        height, labels = int(random.integers(50, 110)), [str(random.integers(10)) for _ in range(sum(rows))]
        inks = [penned(label, int(height * random.uniform(0.85, 1.15)), random) for label in labels]
        sheets.append(photo_of_sheet(inks, labels, rows, random))
    return sheets


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four digits in two rows, photographed."""
    random = np.random.default_rng(4)
    path = tmp_path_factory.mktemp("photos") / "sheet.jpg"
    path.write_bytes(photo_of_sheet([penned(each, 90, random) for each in "4710"], list("4710"), [2, 2], random).content)
    return path


@pytest.mark.slow
def test_photos_of_handwriting_are_classified(mnist_run: Run, mnist: Dataset) -> None:
    photos = twenty_photos(mnist)
    found = convscope.predict(mnist_run, [photo.content for photo in photos])
    assert len(found) == len(photos), "one digit in each"
    wrong = [photo.about for photo, each in zip(photos, found, strict=True) if each.class_name != photo.labels[0]]
    assert len(wrong) <= 1, wrong


def test_standard_classifies_95_percent_of_photos_of_handwriting_correctly() -> None:
    """As measured by `benchmarks/photos.py`, since `standard` trains too long for a test."""
    found = json.loads(PHOTOS.read_text("utf-8"))
    assert found["recipe"] == "standard"
    assert found["run"] > 0.99
    assert {each["kind"] for each in found["photos"]} == {"any paper", "squared paper", "bad light", "drawing pad"}
    for each in found["photos"]:
        assert each["n"] >= 100
        assert each["right"] == each["n"] - len(each["wrong"])
        assert each["right"] >= 0.95 * each["n"], each["wrong"]
    assert found["sheets"]["right"] >= 0.95 * found["sheets"]["n"] >= 95


@pytest.mark.budget
def test_twenty_thousand_images_take_at_most_a_second(mnist_run: Run, mnist: Dataset) -> None:
    """With a run, which also computes the features for out-of-distribution distances."""
    classifier = open_classifier(mnist_run.folder)
    images = mnist.train.images[:20_000]

    def seconds() -> float:
        started = time.perf_counter()
        found = predict(classifier, images)
        assert found.labels.shape == (20_000, 3)
        assert found.probabilities.shape == (20_000, 10)
        assert found.features is not None
        return time.perf_counter() - started

    assert min(seconds() for _ in range(5)) <= 1


@pytest.mark.budget
def test_a_photo_of_twelve_megapixels_is_classified_within_a_second_of_the_start(mnist_run: Run, tmp_path: Path) -> None:
    random = np.random.default_rng(12)
    photo = Image.open(io.BytesIO(photo_of_one(penned("4", 300, random), "4", random).content))
    photo.resize((4032, 3024), Image.Resampling.BILINEAR).save(tmp_path / "phone.jpg", quality=85)
    command = [sys.executable, "-m", "convscope", "predict", str(mnist_run.folder), str(tmp_path / "phone.jpg"), "--quiet"]

    def seconds() -> float:
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.startswith(f"{tmp_path / 'phone.jpg'}: 4 ")
        return time.perf_counter() - started

    assert min(seconds() for _ in range(4)) <= 1


@pytest.mark.slow
def test_digits_on_a_sheet_are_found_in_reading_order(mnist_run: Run, mnist: Dataset) -> None:
    sheets = some_sheets(mnist, 20)
    bad = []
    for photo in sheets:
        found = convscope.predict(mnist_run, photo.content)
        right = sum(each.class_name == label for each, label in zip(found, photo.labels, strict=False))
        # Networks make errors; a wrong order would misclassify more than one digit in four.
        if len(found) != len(photo.labels) or 4 * right < 3 * len(found):
            bad.append(photo.about)
    assert len(bad) <= 1, bad


def photo_of(number: int) -> Photo:
    """Of a digit of splines, small and therefore quick."""
    random, label = np.random.default_rng([50, number]), str(number % 10)
    return photo_of_one(penned(label, int(random.integers(36, 60)), random), label, random)


@pytest.mark.slow
def test_a_network_trained_on_a_folder_of_photos_classifies_others(tmp_path: Path) -> None:
    """Without the preprocessing, only resized, the same network gets one in eight correct."""
    for number in range(140):
        photo = photo_of(number)
        (tmp_path / "photos" / photo.labels[0]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / photo.labels[0] / f"{number:03}.jpg").write_bytes(photo.content)
    options = {"recipe": "notebook", "epochs": 15, "report": False}
    run = convscope.train(tmp_path / "photos", out=tmp_path / "run", **options)  # type: ignore[arg-type]
    others = [photo_of(number) for number in range(1000, 1040)]
    found = convscope.predict(run, [photo.content for photo in others])
    assert len(found) == len(others)
    right = sum(each.class_name == photo.labels[0] for each, photo in zip(found, others, strict=True))
    assert right >= 0.9 * len(others)
    known = json.loads((run.folder / "run.json").read_text("utf-8"))["dataset"]
    assert known["digit_preprocessing"]["digit_size_fraction"] == pytest.approx(20 / 28)
    assert known["reading"]["prepare"] == "auto"
    seen = {image.tobytes() for split in (run.dataset.train, run.dataset.test) for image in split.images}
    for source in (run.folder, run.folder / "model.onnx"):
        again = convscope.predict(source, sorted((tmp_path / "photos").rglob("*.jpg"))[::20])
        assert all(image.tobytes() in seen for image in again.prepared)
    assert np.array_equal(convscope.evaluate(run, tmp_path / "photos").predictions, run.evaluation.predictions)


def test_a_sheet_is_classified_digit_by_digit(digits_run: Run, sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = convscope.predict(digits_run, sheet)
    assert [each.place and (each.place.number, each.place.of) for each in found] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {each.name for each in found} == {str(sheet)}
    assert main(["predict", str(digits_run.folder), str(sheet), "--top", "1"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{sheet}: 4 digits")
    assert first.endswith(f": {' '.join(each.class_name for each in found)}")
    assert [line.split(":")[0] for line in others] == ["  1", "  2", "  3", "  4"]
    assert main(["predict", str(digits_run.folder), str(sheet), "--quiet"]) == 0
    assert capsys.readouterr().out == first + "\n"
    assert main(["predict", str(digits_run.folder), str(sheet), "--json"]) == 0
    places = [each["place"] for each in json.loads(capsys.readouterr().out)["predictions"]]
    assert [place["number"] for place in places] == [1, 2, 3, 4]
    assert places[0]["x"] < places[1]["x"]
    assert places[2]["y"] > places[0]["y"] + places[0]["height"]


def test_a_sheet_can_be_treated_as_one_digit(digits_run: Run, sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(convscope.predict(digits_run, sheet, single=True)) == 1
    assert main(["predict", str(digits_run.folder), str(sheet), "--single", "--quiet"]) == 0
    assert "4 digits" not in capsys.readouterr().out


def test_an_array_of_images_gets_one_prediction_each(digits_run: Run) -> None:
    drawing = np.asarray(
        255 - 255 * laid_out([penned("1", 60, np.random.default_rng(0))] * 3, [3], np.random.default_rng(1)), np.uint8
    )
    assert len(convscope.predict(digits_run, drawing)) == 3
    assert len(convscope.predict(digits_run, np.stack([drawing, drawing]))) == 2
    assert convscope.predict(digits_run, digits_run.dataset.test.images[:2])[0].place is None


def test_places_are_in_the_pixels_of_the_file(digits_run: Run, tmp_path: Path) -> None:
    large = np.full((3000, 4200), 255, np.uint8)
    large[600:2400, 900:1200] = large[600:2400, 2700:3000] = 0
    Image.fromarray(large).save(tmp_path / "large.png")
    for place, left in zip(
        (each.place for each in convscope.predict(digits_run, tmp_path / "large.png")), (900, 2700), strict=True
    ):
        assert place is not None
        assert np.abs(np.array([place.x, place.y, place.width, place.height]) - (left, 600, 300, 1800)).max() <= 12


@pytest.mark.slow
@pytest.mark.usefixtures("digits_run")
def test_one_digit_of_a_sheet_is_explained(
    digits_run: Run, sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gallery, "illustrate", lambda record: iter(()))
    page = tmp_path / "third.html"
    assert main(["explain", str(digits_run.folder), str(sheet), "--digit", "3", "--output", str(page)]) == 0
    assert "4 digits" in capsys.readouterr().out
    found = convscope.predict(digits_run, sheet)
    assert convscope.explain(digits_run, sheet, out=tmp_path / "first.html").prediction == found[0]
    with pytest.raises(ConfigError, match="1 to 4.* 5"):
        convscope.explain(digits_run, sheet, digit=5, out=tmp_path / "x.html")
    with pytest.raises(ConfigError, match="got 2 images"):
        convscope.explain(digits_run, [sheet, sheet], out=tmp_path / "x.html")


def test_the_same_photo_is_made_twice() -> None:
    one, two = (photographed(np.eye(40), np.random.default_rng(7)) for _ in range(2))
    assert one == two


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_strokes_of_one_digit_are_read_together_and_digits_apart(mnist_run: Run, style: str) -> None:
    random = np.random.default_rng(17)

    def read(text: str, *, parted: bool = False) -> str:
        inks = [drawn(each, 80, STYLES[style], random, thin=True, ways=ways_of(each, parted=parted)) for each in text]
        sheet = np.asarray(255 - 255 * laid_out(inks, [len(text)], random), np.uint8)
        return "".join(each.class_name or "" for each in convscope.predict(mnist_run, sheet))

    parted = [read(label, parted=True) for label in "4545454545"]
    assert sum(answer == label for answer, label in zip(parted, "4545454545", strict=True)) >= 7, parted
    pairs = ["11", "10", "41", "15", "14", "51"]
    assert [len(read(pair)) for pair in pairs] == [2] * len(pairs)


@pytest.mark.slow
def test_a_sheet_on_its_side_is_noticed(mnist_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(23)
    inks = [drawn(label, 60, STYLES["line"], random, thin=True, ways=ways_of(label, parted=False)) for label in "7425394"]
    sheet = np.asarray(255 - 255 * laid_out(inks, [4, 3], random), np.uint8)
    expected = ((), ("90° clockwise",), ("180°",), ("90° counterclockwise",))
    for turn, advice in enumerate(expected):
        warnings = convscope.predict(mnist_run, np.ascontiguousarray(np.rot90(sheet, turn))).warnings
        assert len(warnings) == len(advice)
        assert all(f"rotating by {each}." in warning for each, warning in zip(advice, warnings, strict=True))
    Image.fromarray(np.rot90(sheet)).save(tmp_path / "side.png")
    assert main(["predict", str(mnist_run.folder), str(tmp_path / "side.png"), "--json"]) == 0
    out, err = capsys.readouterr()
    (warning,) = json.loads(out)["warnings"]
    assert f"convscope: warning: {warning}" in err.splitlines()
