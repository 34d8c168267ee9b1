from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.training.augmentation import Augmentation
from convscope.training.epochs import epoch_blocks, epoch_order, gathered, shifted


def never(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    raise AssertionError("nothing is to be warped here")


def test_shifted_images_are_windows_of_the_original_continued_from_its_edges(digits: Dataset) -> None:
    images = digits.train.images[:200]
    shifts = np.random.default_rng(0).integers(0, 5, size=(200, 2))
    ours = shifted(images, shifts, 2)
    for image, (row, column), cut in zip(images, shifts, ours, strict=True):
        for y in range(8):
            for x in range(8):
                assert cut[y, x] == image[np.clip(y + row - 2, 0, 7), np.clip(x + column - 2, 0, 7)]


def test_blocks_of_any_size_are_one_and_the_same_epoch(digits: Dataset) -> None:
    rows = np.arange(500)
    epochs = [
        [
            np.concatenate(part)
            for part in zip(
                *epoch_blocks(digits.train.images, rows, Augmentation(shift=0.2), seed=1, epoch=3, block=block, warp=never),
                strict=True,
            )
        ]
        for block in (64, 499, 1000)
    ]
    for images, order in epochs:
        assert np.array_equal(images, epochs[0][0])
        assert np.array_equal(order, epoch_order(500, seed=1, epoch=3))


@pytest.fixture
def on_disk(tmp_path: Path) -> np.memmap:
    generator = np.random.default_rng(0)
    path = tmp_path / "images.npy"
    np.save(path, generator.integers(0, 256, size=(40_000, 28, 28, 1), dtype=np.uint8))
    mapped: np.memmap = np.load(path, mmap_mode="r")
    return mapped


def test_memory_mapped_images_come_in_the_requested_order(on_disk: np.memmap) -> None:
    rows = np.random.default_rng(1).permutation(len(on_disk))[:1000]
    assert np.array_equal(gathered(on_disk, rows), np.asarray(on_disk)[rows])


def test_an_epoch_over_a_file_holds_a_few_blocks_in_memory_and_never_the_file(on_disk: np.memmap) -> None:
    tracemalloc.start()
    seen = 0
    for images, _ in epoch_blocks(
        on_disk, np.arange(len(on_disk)), Augmentation(shift=1 / 14), seed=0, epoch=0, block=2048, warp=never
    ):
        seen += len(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == len(on_disk)
    assert peak < 0.4 * on_disk.nbytes
