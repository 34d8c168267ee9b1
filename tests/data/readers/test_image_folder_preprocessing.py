"""Photos of digits in folders, prepared for training just as ``predict`` prepares them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.data.digits.mnist_style import DigitPreprocessing, prepare_digit
from convscope.data.images.inputs import open_image
from convscope.data.known.registry import FASHION
from convscope.data.load import load_dataset
from convscope.data.preprocessing import ImagePreprocessor, preprocessing_spec, preprocessor_for
from convscope.data.read_options import ReadOptions
from convscope.data.readers.image_folder import read_folder
from convscope.data.readers.image_folder_preprocessing import shows_one_digit

from ...handwriting import laid_out, penned, photo_of_one, photo_of_sheet  # type: ignore[import-not-found]


def write(root: Path, name: str, label: str, content: np.ndarray | bytes) -> None:
    place = root / label
    place.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        (place / f"{name}.jpg").write_bytes(content)
    else:
        Image.fromarray(content).save(place / f"{name}.png")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty photos of digits on paper, of many sizes; names sort as they were made."""
    root = tmp_path_factory.mktemp("photos") / "digits"
    for number in range(30):
        random, label = np.random.default_rng([60, number]), str(number % 10)
        content = photo_of_one(penned(label, int(random.integers(36, 60)), random), label, random).content
        write(root, f"{number:02}", label, content)
    return root


def every_image(dataset: Dataset) -> dict[bytes, int]:
    return {
        image.tobytes(): int(label)
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }


@pytest.mark.slow
def test_photos_of_digits_become_what_predict_makes_of_them_pixel_for_pixel(photos: Path) -> None:
    dataset = load_dataset(photos)
    assert dataset.image_shape == (28, 28, 1)
    assert dataset.provenance.content == "digits"
    assert any("--prepare fit only crops and resizes them" in note for note in dataset.provenance.notes)
    described = {"image_shape": [28, 28, 1], "content": dataset.provenance.content, **preprocessing_spec(dataset)}
    preprocessor = preprocessor_for(described, dataset.test.images)  # as a run's classifier has it
    assert preprocessor == ImagePreprocessor((28, 28, 1), DigitPreprocessing())
    found = every_image(dataset)
    for path in sorted(photos.rglob("*.jpg")):
        (expected,) = preprocessor.preprocess_each(open_image(path, "it").pixels)
        assert found[expected.pixels.tobytes()] == int(path.parent.name)


@pytest.mark.slow
def test_the_user_can_have_them_resized_only(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resized = load_dataset(photos, ReadOptions(prepare="fit"))
    assert resized.provenance.digits is None
    assert preprocessing_spec(resized)["digit_preprocessing"] is None
    assert resized.image_shape[2] == 3
    assert main(["data", str(photos), "--prepare", "fit", "--quiet"]) == 0
    assert "prepared as MNIST's digits" not in capsys.readouterr().out
    assert main(["data", str(photos), "--quiet"]) == 0
    assert "the image files show one each, so all were preprocessed like MNIST" in capsys.readouterr().out


@pytest.mark.slow
def test_a_network_that_is_there_already_gets_them_as_it_takes_them(photos: Path) -> None:
    preprocessor = ImagePreprocessor((20, 20, 1), DigitPreprocessing(20, 20, digit_size_fraction=0.5))
    dataset = load_dataset(photos, preprocessor=preprocessor)
    path = next(photos.rglob("*.jpg"))
    assert preprocessor.preprocess(open_image(path, "it").pixels).pixels.tobytes() in every_image(dataset)
    assert load_dataset(photos, ReadOptions(prepare="digits"), preprocessor=preprocessor).image_shape == (28, 28, 1)


def test_dark_digits_on_white_and_digits_off_the_middle_are_made_like_mnist(mnist: Dataset, tmp_path: Path) -> None:
    images, labels = mnist.test.images[:80, ..., 0], mnist.test.labels[:80]
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        paper = 255 - image if number % 2 else 255 - np.pad(image, ((0, 40), (30, 2)))
        write(tmp_path / "own", f"{number:02}", str(label), paper)
    dataset = load_dataset(tmp_path / "own")
    assert set(every_image(dataset)) == {prepare_digit(image).pixels.tobytes() for image in images}


def test_of_several_digits_in_an_image_the_largest_is_taken_with_a_note(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for number in range(20):
        ink = penned(str(number % 10), 60, random)
        write(tmp_path / "own", f"{number:02}", str(number % 10), np.asarray(255 - 255 * ink, np.uint8))
    sheet = laid_out([penned("3", 90, random), penned("3", 40, random)], [2], random)
    write(tmp_path / "own", "sheet", "3", np.asarray(255 - 255 * sheet, np.uint8))
    dataset = load_dataset(tmp_path / "own")
    said = "used the largest digit in 1 image file with several: 3/sheet.png"
    assert said in dataset.provenance.notes
    found = ImagePreprocessor((28, 28, 1), DigitPreprocessing()).preprocess_each(
        open_image(tmp_path / "own" / "3" / "sheet.png", "it").pixels
    )
    assert len(found) == 2
    assert max(found, key=lambda each: each.area).pixels.tobytes() in every_image(dataset)


@pytest.mark.parametrize("letters", ["ab", "01"])
def test_whatever_is_written_is_prepared_where_that_is_asked(letters: str, tmp_path: Path) -> None:
    """Not by itself: other classes than the ten digits say nothing of what the images show."""
    random = np.random.default_rng(6)
    for number in range(10):
        glyph = penned("47"[number % 2], 60, random)
        write(tmp_path / "own", str(number), letters[number % 2], np.asarray(255 - 255 * glyph, np.uint8))
    plain, asked = (load_dataset(tmp_path / "own", ReadOptions(prepare=each)) for each in ("auto", "digits"))
    assert plain.provenance.digits is None
    assert plain.provenance.content == "images"
    assert asked.provenance.digits == DigitPreprocessing()
    assert asked.provenance.content == "characters"
    assert any("as requested" in note for note in asked.provenance.notes)
    assert read_folder(tmp_path / "own", ReadOptions((40, 32), prepare="digits")).image_shape == (40, 32, 1)


def test_what_fills_its_frame_or_its_outline_is_no_digit() -> None:
    random = np.random.default_rng(7)
    for image in (
        random.integers(0, 256, (32, 32)),
        np.full((60, 60), 200),
        np.linspace(0, 255, 90 * 80).reshape(90, 80),
        np.pad(np.zeros((60, 60)), 20, constant_values=255),
    ):
        assert not shows_one_digit(image.astype(np.uint8), DigitPreprocessing())
    sheet = photo_of_sheet([penned("7", 60, random)] * 2, ["7"] * 2, [2], random)
    assert not shows_one_digit(open_image(sheet.content, "it").pixels[..., 0], DigitPreprocessing())


@pytest.mark.slow
def test_clothes_photographed_on_white_are_no_digits_whatever_their_classes_are_called(tmp_path: Path) -> None:
    if not Path(FASHION.debian).is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")
    clothes = load_dataset(FASHION.debian).test
    for number in range(60):
        large = clothes.images[number, ..., 0].repeat(3, axis=0).repeat(3, axis=1)
        paper = np.pad(255 - large, 20, constant_values=255)
        write(tmp_path / "own", str(number), str(clothes.labels[number]), paper)
    assert load_dataset(tmp_path / "own").provenance.digits is None
