from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.digits.mnist_style import DigitPreprocessing, prepare_digit
from convscope.data.digits.recognize_dataset import (
    ASKED_NOTE,
    NOTE,
    TURNED_NOTE,
    looks_like_mnist,
    resolve_digit_preprocessing,
)
from convscope.data.known.registry import FASHION
from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions


def folder_of(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = path / "own" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    return path / "own"


@pytest.mark.slow
def test_mnist_as_a_folder_of_image_files_is_of_digits_with_a_note(
    mnist: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder_of(tmp_path, mnist.train.images[:120, ..., 0], mnist.train.labels[:120])
    assert load_dataset(own).provenance.content == "digits"
    assert main(["data", str(own), "--quiet"]) == 0
    assert NOTE in capsys.readouterr().out
    assert load_dataset(own).provenance.notes.count(NOTE) == 1


@pytest.mark.parametrize("change", ["noise", "colour", "names", "off the middle"])
def test_what_does_not_look_like_mnist_is_not(change: str, mnist: Dataset) -> None:
    images = mnist.train.images[:200].copy()
    names = tuple("0123456789")
    if change == "noise":
        images = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    elif change == "colour":
        images = images.repeat(3, axis=3)
    elif change == "names":
        names = tuple("abcdefghij")
    else:
        images = np.roll(images, 6, axis=2)
    split = Split(images, mnist.train.labels[:200])
    dataset = Dataset("own", split, split, names, Provenance("own", "own"))
    assert looks_like_mnist(dataset) is dataset


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_digits_dark_on_light_are_pointed_out_and_turned_round_where_that_is_asked(channels: int, mnist: Dataset) -> None:
    turned = 255 - mnist.train.images[:200].repeat(channels, axis=3)
    split = Split(turned, mnist.train.labels[:200])
    dataset = Dataset("own", split, split, tuple("0123456789"), Provenance("own", "own"))
    found = resolve_digit_preprocessing(dataset)
    assert found.provenance.notes == ((TURNED_NOTE,) if channels == 1 else ())
    assert found.train is split
    asked = resolve_digit_preprocessing(
        replace(dataset, provenance=Provenance("own", "own", reading=ReadOptions(prepare="digits")))
    )
    expected = np.stack([prepare_digit(image).pixels for image in mnist.train.images[:200, ..., 0]])
    assert np.array_equal(asked.train.images[..., 0], expected)
    assert asked.provenance.digits == DigitPreprocessing()
    assert asked.provenance.notes == (ASKED_NOTE,)
    assert resolve_digit_preprocessing(asked) is asked


def test_light_digits_stay_as_they_are_where_preparation_is_asked(digits: Dataset) -> None:
    options = ReadOptions(prepare="digits")
    dataset = replace(digits, provenance=Provenance("own", "own", reading=options))
    asked = resolve_digit_preprocessing(dataset)
    assert asked.fingerprint == dataset.fingerprint
    assert asked.provenance.digits == DigitPreprocessing(8, 8, digit_size_fraction=1.0)
    assert load_dataset("digits", options).provenance.digits is None, "known already"


def test_known_sets_keep_their_word(mnist: Dataset) -> None:
    assert looks_like_mnist(mnist) is mnist
    anonymous = replace(mnist, provenance=Provenance("own", "own"))
    assert looks_like_mnist(anonymous).provenance.content == "digits"


@pytest.mark.slow
def test_clothes_under_the_names_of_digits_are_no_digits() -> None:
    if not Path(FASHION.debian).is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")
    clothes = load_dataset(FASHION.debian)
    anonymous = replace(clothes, class_names=tuple("0123456789"), provenance=Provenance("own", "own"))
    assert looks_like_mnist(anonymous) is anonymous
