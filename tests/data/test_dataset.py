from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.load import load_dataset
from convscope.errors import DatasetError, ShapeError


def split(n: int = 4, side: int = 5, channels: int = 1, labels: list[int] | None = None) -> Split:
    images = np.arange(n * side * side * channels, dtype=np.uint8).reshape(n, side, side, channels)
    return Split(images, np.array([i % 2 for i in range(n)] if labels is None else labels, int))


def dataset(train: Split, test: Split, names: tuple[str, ...] = ("a", "b")) -> Dataset:
    return Dataset("made", train, test, names, Provenance("here", "made by a test"))


def test_a_split_without_channel_axis_is_refused_with_the_way_out() -> None:
    with pytest.raises(ShapeError, match=r"\(4, 5, 5\).*\[\.\.\., None\]"):
        Split(np.zeros((4, 5, 5), np.uint8), np.zeros(4, int))


def test_images_that_are_not_uint8_are_refused() -> None:
    with pytest.raises(ShapeError, match="float32"):
        Split(np.zeros((4, 5, 5, 1), np.float32), np.zeros(4, int))


def test_images_and_labels_must_be_as_many() -> None:
    with pytest.raises(ShapeError, match="4 images but 3 labels"):
        Split(np.zeros((4, 5, 5, 1), np.uint8), np.zeros(3, int))


def test_train_and_test_images_must_have_one_size() -> None:
    with pytest.raises(ShapeError, match=r"\(5, 5, 1\).*\(6, 6, 1\)"):
        dataset(split(side=5), split(side=6))


@pytest.mark.parametrize("labels", [[0, 1, 2, 0], [0, -1, 0, 1]])
def test_labels_outside_the_classes_are_refused(labels: list[int]) -> None:
    with pytest.raises(DatasetError, match="0 to 1.*2 classes"):
        dataset(split(labels=labels), split())


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(DatasetError, match="test split of made"):
        dataset(split(), split(n=0))


def test_one_class_is_refused() -> None:
    with pytest.raises(DatasetError, match="at least two"):
        dataset(split(labels=[0] * 4), split(labels=[0] * 4), names=("only",))


def test_the_fingerprint_changes_with_one_pixel_and_with_one_label() -> None:
    first, second = dataset(split(), split()), dataset(split(), split())
    assert first.fingerprint == second.fingerprint
    second.train.images[3, 4, 4, 0] ^= 1
    third = dataset(split(labels=[1, 1, 0, 1]), split())
    changed = dataset(second.train, split())
    assert len({first.fingerprint, changed.fingerprint, third.fingerprint}) == 3


def test_class_counts_count_classes_that_do_not_occur() -> None:
    assert split(labels=[2, 2, 0, 2]).class_counts(4).tolist() == [1, 0, 3, 0]


def test_each_image_of_a_split_is_named_by_its_row(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 4, 4), dtype=np.uint8)
    labels = np.arange(40) % 2
    np.savez(tmp_path / "all.npz", x=pixels, y=labels)
    lines = ["label," + ",".join(f"p{number}" for number in range(16)), ""]
    lines += [f"{label}," + ",".join(map(str, image.ravel())) for image, label in zip(pixels, labels, strict=True)]
    (tmp_path / "all.csv").write_text("\n".join(lines))
    for name, word, first in (("all.npz", "x row", 0), ("all.csv", "all.csv line", 3)):
        dataset = load_dataset(tmp_path / name)
        for split in (dataset.train, dataset.test, dataset.test.take(np.array([3, 1]))):
            for image, where in zip(split.images, split.names, strict=True):
                assert where.startswith(word)
                np.testing.assert_array_equal(image[..., 0], pixels[int(where.split()[-1]) - first])
