from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main
from convscope.data.checks import check_dataset
from convscope.data.dataset import Dataset, Provenance, Split


def made(images: np.ndarray, labels: list[int], test_images: np.ndarray, names: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    test = Split(test_images, np.arange(len(test_images)) % len(names))
    return Dataset("made", Split(images, np.array(labels)), test, names, Provenance("here", "made"))


def find_problems(dataset: Dataset) -> tuple[str, ...]:
    return *dataset.provenance.notes, *check_dataset(dataset).problems


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 1), dtype=np.uint8)


def test_nothing_odd_gives_no_sentence() -> None:
    assert find_problems(made(noise(4, 0), [0, 1, 0, 1], noise(4, 1))) == ()


def test_mnist_has_nothing_odd(mnist: Dataset) -> None:
    assert find_problems(mnist) == ()


def test_duplicates_inside_and_across_splits_are_counted() -> None:
    train = np.concatenate([noise(3, 0), noise(3, 0)[:1], noise(1, 2)])
    test = np.concatenate([noise(3, 1), noise(3, 0)[1:]])
    dataset = made(train, [0, 1, 0, 0, 1], test)
    assert check_dataset(dataset).copies.tolist() == [3, 4]
    sentences = find_problems(dataset)
    assert sentences == (
        "1 training image duplicates another one: image 3 = image 0",
        "2 test images also occur in the training split: image 3 = image 1, image 4 = image 2",
    )


def test_equal_images_in_different_classes_are_counted_once_each() -> None:
    train = np.concatenate([noise(3, 0), noise(3, 0)[:1], noise(3, 0)[:1]])
    assert find_problems(made(train, [0, 1, 0, 1, 1], noise(3, 1))) == (
        "2 training images duplicate another one: image 3 = image 0, image 4 = image 0",
        "1 image occurs in more than one class: training image 0 ('cat') = training image 3 ('dog')",
    )


def test_a_flat_colour_is_blank_and_a_faint_image_nearly() -> None:
    generator = np.random.default_rng(2)
    images = generator.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8)
    images[0] = (255, 0, 30)
    images[1] = 100 + generator.integers(0, 7, (5, 5, 3))
    test = generator.integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
    assert find_problems(made(images, [0, 1] * 3, test)) == (
        "1 training image has a single colour: image 0",
        "1 training image is nearly blank (fewer than 8 grey levels between darkest and brightest pixel): image 1",
    )


def test_images_on_another_scale_are_noticed() -> None:
    images = np.random.default_rng(0).integers(0, 17, (6, 8, 8, 1), dtype=np.uint8)
    assert find_problems(made(images, [0, 1] * 3, noise(2, 1)[:, :1, :1].repeat(8, 1).repeat(8, 2)))[-1] == (
        "no training image has a pixel above 16 of 255: if that is white, stretch the values with --pixel-range 0..16"
    )


def test_many_classes_with_one_image_or_none_are_named_once() -> None:
    names = tuple(f"class {index}" for index in range(10))
    sentences = find_problems(made(noise(12, 0), [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6], noise(10, 1), names))
    assert sentences == (
        "3 classes have no training image: 'class 7', 'class 8', 'class 9'",
        "4 classes have only one training image: 'class 3', 'class 4', 'class 5', 'class 6'",
    )


def test_classes_of_few_held_out_test_images_are_named() -> None:
    for number, said in ((18, ("2 classes have fewer than 10 test images: 'cat', 'dog'",)), (20, ())):
        dataset = made(noise(80, 0), [0, 1] * 40, noise(number, 1))
        held_out = replace(dataset, provenance=replace(dataset.provenance, holds_out=True))
        assert find_problems(held_out) == said


def test_blank_images_uneven_and_missing_classes_are_named() -> None:
    images = noise(12, 0)
    images[3] = 7
    sentences = find_problems(made(images, [0] * 10 + [1] * 2, noise(3, 1)))
    assert sentences == (
        "classes are imbalanced: 10 training images of 'cat', 2 of 'dog' (see --balance)",
        "1 training image has a single colour: image 3",
    )
    assert find_problems(made(noise(3, 0), [0, 0, 0], noise(3, 1)))[0] == "class 'dog' has no training image"


def test_classes_whose_names_differ_in_capitals_alone_are_asked_about() -> None:
    sentences = find_problems(made(noise(4, 0), [0, 1, 0, 1], noise(4, 1), ("Cat", "cat ")))
    assert sentences == ("class names 'Cat' and 'cat ' differ only in case or spaces: are they one class?",)


def test_what_looks_odd_is_printed_with_the_names_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split, number in (("train", 12), ("test", 4)):
        for index in range(number):
            place = tmp_path / split / ("dog" if index % 4 == 3 and index < 8 else "cat")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noise(1, 100 * number + index)[0, ..., 0]).save(place / f"{index:02}.png")
    train, test = tmp_path / "train", tmp_path / "test"
    for index in range(12, 19):
        shutil.copy(train / "cat" / "00.png", train / "cat" / f"{index}.png")
    shutil.copy(train / "cat" / "01.png", test / "dog" / "seen.png")
    Image.new("L", (6, 6), 200).save(train / "cat" / "flat.png")
    Image.fromarray(noise(1, 5)[0, ..., 0] // 64 + 90).save(test / "cat" / "faint.png")
    assert main(["data", str(tmp_path), "--quiet"]) == 0
    printed = capsys.readouterr().out
    first = f"train{os.sep}cat{os.sep}00.png"
    repeats = ", ".join(f"train{os.sep}cat{os.sep}{index}.png = {first}" for index in range(12, 17))
    seen = f"test{os.sep}dog{os.sep}seen.png"
    for sentence in (
        "classes are imbalanced: 18 training images of 'cat', 2 of 'dog' (see --balance)",
        f"1 training image has a single colour: train{os.sep}cat{os.sep}flat.png",
        "1 test image is nearly blank (fewer than 8 grey levels between darkest and brightest pixel): {}".format(
            f"test{os.sep}cat{os.sep}faint.png"
        ),
        f"7 training images duplicate another one: {repeats} and 2 more",
        f"1 test image also occurs in the training split: {seen} = train{os.sep}cat{os.sep}01.png",
        f"1 image occurs in more than one class: train{os.sep}cat{os.sep}01.png ('cat') = {seen} ('dog')",
    ):
        assert f"- {sentence}\n" in printed + "\n"
