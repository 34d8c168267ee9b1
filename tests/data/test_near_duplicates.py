from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from convscope.data.checks import CLEAN, check_dataset
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.load import load_dataset
from convscope.data.near_duplicates import find_near_duplicates
from convscope.errors import DatasetError

Change = Callable[[np.ndarray], np.ndarray]


def noisy(spread: float) -> Change:
    generator = np.random.default_rng(1)
    return lambda image: np.clip(image + generator.normal(0, spread, image.shape), 0, 255).astype(np.uint8)


def as_jpeg(quality: int) -> Change:
    def change(image: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=quality)
        return np.array(Image.open(file)).reshape(image.shape)

    return change


def blurred(image: np.ndarray) -> np.ndarray:
    soft = Image.fromarray(image.squeeze()).filter(ImageFilter.GaussianBlur(1.0))
    return np.array(soft).reshape(image.shape)


CHANGES: dict[str, Change] = {
    "noise of 8": noisy(8),
    "noise of 16": noisy(16),
    "JPEG": as_jpeg(50),
    "darker": lambda image: (image * 0.6).astype(np.uint8),
    "less contrast": lambda image: (60 + image * 0.5).astype(np.uint8),
}


def with_copies(dataset: Dataset, change: Change, rows: np.ndarray) -> Dataset:
    """The dataset with changed training images at the end of its test split."""
    copies = np.stack([change(image) for image in dataset.train.images[rows]])
    images = np.concatenate([dataset.test.images, copies])
    labels = np.concatenate([dataset.test.labels, dataset.train.labels[rows]])
    return Dataset("leaky", dataset.train, Split(images, labels), dataset.class_names, dataset.provenance)


def found_share(dataset: Dataset, change: Change, rows: np.ndarray) -> float:
    near = find_near_duplicates(with_copies(dataset, change, rows))
    first = len(dataset.test)
    pairs = set(zip(near.test.tolist(), near.train.tolist(), strict=True))
    return sum((first + index, row) in pairs for index, row in enumerate(rows.tolist())) / len(rows)


def scenes(frames: int = 6) -> Dataset:
    """Forty pictures in colour, in several versions, of which the last is the test split."""
    generator = np.random.default_rng(0)
    pictures = np.kron(generator.integers(0, 256, (40, 6, 6, 3)), np.ones((1, 8, 8, 1)))
    labels = generator.integers(0, 2, 40)
    noise = generator.normal(0, 8, (frames, *pictures.shape))
    images = np.clip(pictures + noise, 0, 255).astype(np.uint8).reshape(-1, 48, 48, 3)
    every = np.tile(labels, frames)
    train, test = Split(images[:-40], every[:-40]), Split(images[-40:], every[-40:])
    return Dataset("scenes", train, test, ("a", "b"), Provenance("scenes", "made"))


@pytest.mark.slow
def test_digits_written_alike_are_no_duplicates(mnist: Dataset, digits: Dataset) -> None:
    for dataset in (mnist, digits):
        assert len(find_near_duplicates(dataset)) == 0
        assert dataset.fingerprint in CLEAN


@pytest.mark.slow
def test_few_articles_of_fashion_mnist_are_photographed_twice() -> None:
    try:
        fashion = load_dataset("fashion")
    except DatasetError:
        pytest.skip("Fashion-MNIST is not on this machine")
    assert 10 <= len(find_near_duplicates(fashion)) <= 60


@pytest.mark.slow
@pytest.mark.rows(3)
@pytest.mark.parametrize("name", CHANGES)
def test_changed_copies_of_digits_are_found_among_all_of_mnist(mnist: Dataset, name: str) -> None:
    rows = np.arange(0, 60000, 300)
    assert found_share(mnist, CHANGES[name], rows) >= 0.85


@pytest.mark.parametrize("name", [*CHANGES, "blurred", "noise of 40", "moved by a pixel"])
def test_changed_copies_of_pictures_in_colour_are_found(name: str) -> None:
    more = {"blurred": blurred, "noise of 40": noisy(40), "moved by a pixel": lambda image: np.roll(image, 1, 1)}
    change = (CHANGES | more)[name]
    pictures = scenes(2)
    assert found_share(pictures, change, np.arange(40)) >= 0.95


def test_every_frame_of_a_scene_is_a_near_duplicate() -> None:
    near = find_near_duplicates(scenes())
    assert sorted(near.test.tolist()) == list(range(40))
    assert np.array_equal(near.train % 40, near.test)


def test_views_of_a_moving_camera_are_near_duplicates() -> None:
    generator = np.random.default_rng(5)
    panorama = np.kron(generator.integers(0, 256, (60, 6, 7, 3), dtype=np.uint8), np.ones((1, 8, 8, 1), np.uint8))
    views = np.concatenate([panorama[:, :, step : step + 48] for step in range(4)])
    order = generator.permutation(240)
    whole = Split(views[order], (np.tile(np.arange(60), 4) % 2)[order])
    leaky = Dataset("moving", whole.take(np.arange(180)), whole.take(np.arange(180, 240)), ("a", "b"), Provenance("", ""))
    near = find_near_duplicates(leaky)
    assert len(near) >= 40
    assert np.array_equal(order[180 + near.test] % 60, order[near.train] % 60)


def test_equal_images_and_flat_ones_are_left_to_the_other_checks(digits: Dataset) -> None:
    assert found_share(digits, lambda image: image, np.arange(50)) == 0
    flat = Split(
        np.full((40, 8, 8, 1), 90, np.uint8) + np.arange(40, dtype=np.uint8).reshape(-1, 1, 1, 1), np.arange(40) % 2
    )
    assert len(find_near_duplicates(Dataset("flat", flat, flat.take(np.arange(9)), ("a", "b"), Provenance("", "")))) == 0


@pytest.mark.parametrize("count", [1, 2, 31, 33, 65])
def test_any_number_of_images_of_any_shape_is_compared(count: int) -> None:
    generator = np.random.default_rng(count)
    for shape in ((1, 1, 1), (5, 40, 3), (33, 7, 4)):
        images = generator.integers(0, 256, (count, *shape), dtype=np.uint8)
        split = Split(images, np.zeros(count, np.int64))
        near = find_near_duplicates(Dataset("any", split, split.take(np.arange(1)), ("a", "b"), Provenance("", "")))
        assert len(near) == 0


def test_two_alike_colours_of_one_form_are_no_duplicates() -> None:
    generator = np.random.default_rng(3)
    form = (generator.random((60, 16, 16)) < 0.4) * 200
    images = np.zeros((120, 16, 16, 3), np.uint8)
    images[:60, ..., 0], images[60:, ..., 1] = form, form
    train, test = Split(images[:60], np.zeros(60, np.int64)), Split(images[60:], np.ones(60, np.int64))
    assert len(find_near_duplicates(Dataset("colours", train, test, ("red", "green"), Provenance("", "")))) == 0


def test_near_duplicates_are_a_problem_with_their_numbers_and_files(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for scene in range(12):
        picture = np.kron(generator.integers(0, 256, (6, 6)), np.ones((8, 8)))
        for split, frame in (("train", 0), ("train", 1), ("test", 2)):
            folder = tmp_path / split / "ab"[scene % 2]
            folder.mkdir(parents=True, exist_ok=True)
            frame_pixels = np.clip(picture + generator.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
            Image.fromarray(frame_pixels).save(folder / f"{scene:02}{'xyz'[frame]}.png")
    check = check_dataset(load_dataset(tmp_path))
    assert len(check.near_duplicates) == 12
    assert check.problems[0].startswith(
        "12 of 12 test images are nearly the same as a training image, so the accuracy on them is not"
    )
    for test, train in check.near_duplicates.names(load_dataset(tmp_path), 12):
        assert Path(test).name[:2] == Path(train).name[:2]
