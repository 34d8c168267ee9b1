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
    train = np.concatenate([noise(3, 0), noise(3, 0)[:1]])
    test = np.concatenate([noise(3, 1), noise(3, 0)[1:]])
    sentences = findings(made(train, [0, 1, 0, 1], test))
    assert sentences == (
        "1 training image repeats another one, pixel for pixel",
        "2 test images are in the training split too, pixel for pixel",
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
