from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.training.augmentation import Augmentation
from convscope.training.batches import TrainingBatches, gather
from convscope.training.config import TrainConfig
from convscope.training.recipes import best, notebook, standard


def batches_of(digits: Dataset, config: TrainConfig, *, rows: np.ndarray | None = None, seed: int = 0) -> TrainingBatches:
    return TrainingBatches(digits.train, np.arange(len(digits.train)) if rows is None else rows, config, seed=seed)


def plain(**changes: object) -> TrainConfig:
    return dataclasses.replace(standard(), augmentation=Augmentation(), drop_remainder=False, **changes)


def test_an_epoch_holds_every_requested_image_once(digits: Dataset) -> None:
    rows = np.arange(0, len(digits.train), 2)
    epoch = batches_of(digits, plain(), rows=rows).epoch(0)
    assert sorted(epoch.rows) == rows.tolist()
    assert epoch.rows.tolist() != rows.tolist()
    assert epoch.shifts is None
    assert epoch.warps is None


def test_an_epoch_of_a_very_small_set_holds_every_image_equally_often(digits: Dataset) -> None:
    config = plain()
    epoch = batches_of(digits, config, rows=np.arange(100)).epoch(0)
    assert config.repeats_per_epoch(100) > 1
    assert np.array_equal(np.bincount(epoch.rows), np.full(100, config.repeats_per_epoch(100)))


def test_epochs_and_seeds_differ_and_repeat_whatever_came_before(digits: Dataset) -> None:
    config = best()
    first, again = batches_of(digits, config), batches_of(digits, config)
    first.epoch(0)
    assert np.array_equal(first.epoch(3).rows, again.epoch(3).rows)
    assert np.array_equal(first.epoch(3).warps, again.epoch(3).warps)  # type: ignore[arg-type]
    assert not np.array_equal(first.epoch(3).rows, first.epoch(4).rows)
    assert not np.array_equal(first.epoch(3).warps, first.epoch(4).warps)  # type: ignore[arg-type]
    assert not np.array_equal(first.epoch(3).rows, batches_of(digits, config, seed=1).epoch(3).rows)


def test_a_part_of_an_epoch_is_what_the_whole_has_there(digits: Dataset) -> None:
    shifted = batches_of(digits, dataclasses.replace(standard(), augmentation=Augmentation(shift=0.2))).epoch(1)
    part = shifted.part(10, 30)
    assert np.array_equal(part.rows, shifted.rows[10:30])
    assert np.array_equal(part.shifts, shifted.shifts[10:30])  # type: ignore[arg-type, index]


def test_what_is_left_over_waits_for_another_epoch_where_every_batch_has_to_be_full(digits: Dataset) -> None:
    config = dataclasses.replace(plain(), drop_remainder=True, batch_size=100, min_steps_per_epoch=1)
    batches, size = batches_of(digits, config), len(digits.train)
    assert (batches.steps_per_epoch, batches.num_images) == (size // 100, size // 100 * 100)
    assert len(batches.epoch(0).rows) == batches.num_images
    whole = batches_of(digits, dataclasses.replace(config, drop_remainder=False)).epoch(0).rows
    assert np.array_equal(batches.epoch(0).rows, whole[: batches.num_images])


@pytest.mark.parametrize(("num_images", "steps"), [(1, 1), (127, 1), (129, 2)])
def test_the_last_batch_may_be_small(digits: Dataset, num_images: int, steps: int) -> None:
    batches = batches_of(digits, notebook(), rows=np.arange(num_images))
    assert (batches.steps_per_epoch, len(batches.epoch(0).rows)) == (steps, num_images)


def test_shifts_reach_their_limit_in_every_direction_and_no_further(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), augmentation=Augmentation(shift=0.25))
    shifts = batches_of(digits, config).epoch(0).shifts
    assert shifts is not None
    assert (shifts.min(axis=0).tolist(), shifts.max(axis=0).tolist()) == ([-2, -2], [2, 2])
    assert np.abs(shifts.astype(float).mean(axis=0)).max() < 0.15


def test_memory_mapped_images_come_in_the_requested_order(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, size=(4000, 8, 8, 1), dtype=np.uint8))
    on_disk = np.load(path, mmap_mode="r")
    rows = np.random.default_rng(1).permutation(len(on_disk))[:1000]
    assert np.array_equal(gather(on_disk, rows), np.asarray(on_disk)[rows])
