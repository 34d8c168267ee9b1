from __future__ import annotations

import numpy as np

from convscope.data.checks import findings
from convscope.data.dataset import Dataset, Provenance, Split


def made(images: np.ndarray, labels: list[int], test_images: np.ndarray, names: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    test = Split(test_images, np.arange(len(test_images)) % len(names))
    return Dataset("made", Split(images, np.array(labels)), test, names, Provenance("here", "made"))


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 1), dtype=np.uint8)


def test_nothing_odd_gives_no_sentence() -> None:
    assert findings(made(noise(4, 0), [0, 1, 0, 1], noise(4, 1))) == ()


def test_mnist_has_nothing_odd(mnist: Dataset) -> None:
    assert findings(mnist) == ()


def test_duplicates_inside_and_across_splits_are_counted() -> None:
    train = np.concatenate([noise(3, 0), noise(3, 0)[:1], noise(1, 2)])
    test = np.concatenate([noise(3, 1), noise(3, 0)[1:]])
    sentences = findings(made(train, [0, 1, 0, 0, 1], test))
    assert sentences == (
        "1 training image repeats another one, pixel for pixel",
        "2 test images are in the training split too, pixel for pixel",
    )


def test_equal_images_in_different_classes_are_counted_once_each() -> None:
    train = np.concatenate([noise(3, 0), noise(3, 0)[:1], noise(3, 0)[:1]])
    assert findings(made(train, [0, 1, 0, 1, 1], noise(3, 1))) == (
        "2 training images repeat another one, pixel for pixel",
        "1 image occurs in more than one class, pixel for pixel",
    )


def test_a_flat_colour_is_blank_and_a_faint_image_nearly() -> None:
    generator = np.random.default_rng(2)
    images = generator.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8)
    images[0] = (255, 0, 30)
    images[1] = 100 + generator.integers(0, 7, (5, 5, 3))
    test = generator.integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
    assert findings(made(images, [0, 1] * 3, test)) == (
        "1 training image is one flat colour",
        "1 training image is nearly blank: under 8 grey levels from darkest to brightest pixel",
    )


def test_images_on_another_scale_are_noticed() -> None:
    images = np.random.default_rng(0).integers(0, 17, (6, 8, 8, 1), dtype=np.uint8)
    assert findings(made(images, [0, 1] * 3, noise(2, 1)[:, :1, :1].repeat(8, 1).repeat(8, 2)))[-1] == (
        "no training image has a pixel brighter than 16 of 255: were they meant on another scale?"
    )


def test_many_classes_with_one_image_or_none_are_named_once() -> None:
    names = tuple(f"class {index}" for index in range(10))
    sentences = findings(made(noise(12, 0), [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6], noise(10, 1), names))
    assert sentences == (
        "3 classes have no training image: 'class 7', 'class 8', 'class 9'",
        "4 classes have one training image only: 'class 3', 'class 4', 'class 5', 'class 6'",
    )


def test_blank_images_uneven_and_missing_classes_are_named() -> None:
    images = noise(12, 0)
    images[3] = 7
    sentences = findings(made(images, [0] * 10 + [1] * 2, noise(3, 1)))
    assert sentences == (
        "classes are uneven: 10 training images of 'cat', 2 of 'dog'",
        "1 training image is one flat colour",
    )
    assert findings(made(noise(3, 0), [0, 0, 0], noise(3, 1)))[0] == "class 'dog' has no training image"
