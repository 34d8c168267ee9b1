from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from convscope.data.dataset import Dataset, Split
from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.training.augmentation import Augmentation
from convscope.training.batches import BatchStream, epoch_blocks, epoch_order, gather, shift_images
from convscope.training.config import TrainConfig
from convscope.training.keras_ext.batch_sequence import BatchSequence
from convscope.training.recipes import notebook, standard

require_backend()


def stream_of(split: Split, config: TrainConfig, *, seed: int = 0, **options: object) -> BatchStream:
    return BatchStream(split, np.arange(len(split)), config, seed=seed, **options)  # type: ignore[arg-type]


def epoch(stream: BatchStream, number: int) -> tuple[np.ndarray, np.ndarray]:
    stream.begin(number)
    batches = [(inputs.numpy(), labels.numpy()) for inputs, labels in stream.batches()]
    assert len(batches) == stream.steps_per_epoch
    return np.concatenate([inputs for inputs, _ in batches]), np.concatenate([labels for _, labels in batches])


def plain(**changes: object) -> TrainConfig:
    return dataclasses.replace(standard(), augmentation=Augmentation(), drop_remainder=False, **changes)


def as_set(inputs: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    images = (inputs * 255).round().astype(np.uint8) if inputs.dtype == np.float32 else inputs
    return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


def test_an_epoch_holds_every_image_once_with_its_label(digits: Dataset) -> None:
    inputs, labels = epoch(stream_of(digits.train, plain()), 0)
    assert as_set(inputs, labels) == as_set(digits.train.images, digits.train.labels)
    assert inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)


def test_only_the_requested_rows_are_used(digits: Dataset) -> None:
    rows = np.arange(0, len(digits.train), 2)
    inputs, labels = epoch(BatchStream(digits.train, rows, plain(), seed=0), 0)
    assert as_set(inputs, labels) == as_set(digits.train.images[rows], digits.train.labels[rows])


def test_an_epoch_of_a_very_small_set_holds_every_image_equally_often(digits: Dataset) -> None:
    config = plain()
    inputs, labels = epoch(BatchStream(digits.train, np.arange(100), config, seed=0), 0)
    assert as_set(inputs, labels) == sorted(
        as_set(digits.train.images[:100], digits.train.labels[:100]) * config.repeats_per_epoch(100)
    )


def test_epochs_and_seeds_shuffle_differently_and_repeatably(digits: Dataset) -> None:
    config = standard()
    first, again = stream_of(digits.train, config), stream_of(digits.train, config)
    assert np.array_equal(epoch(first, 3)[0], epoch(again, 3)[0])
    assert not np.array_equal(epoch(first, 3)[1], epoch(first, 4)[1])
    assert not np.array_equal(epoch(first, 3)[1], epoch(stream_of(digits.train, config, seed=1), 3)[1])


def test_an_epochs_order_does_not_depend_on_those_before_it(digits: Dataset) -> None:
    stream = stream_of(digits.train, standard())
    straight = [epoch(stream, number)[0] for number in range(3)]
    assert np.array_equal(epoch(stream_of(digits.train, standard()), 2)[0], straight[2])


def test_what_is_left_over_waits_for_another_epoch_where_every_batch_has_to_be_full(digits: Dataset) -> None:
    config = dataclasses.replace(plain(), drop_remainder=True, batch_size=100, min_steps_per_epoch=1)
    stream = stream_of(digits.train, config)
    assert (stream.steps_per_epoch, stream.num_images) == (len(digits.train) // 100, len(digits.train) // 100 * 100)
    labels = epoch(stream, 0)[1]
    assert np.array_equal(labels, digits.train.labels[epoch_order(len(digits.train), seed=0, epoch=0)][: len(labels)])


@pytest.mark.parametrize("num_images", [1, 127, 129])
def test_the_last_batch_may_be_small(digits: Dataset, num_images: int) -> None:
    stream = stream_of(digits.train.take(np.arange(num_images)), notebook())
    assert len(epoch(stream, 0)[1]) == num_images


def test_unused_pixels_are_cropped_at_the_bottom_and_on_the_right(digits: Dataset) -> None:
    inputs, _ = epoch(stream_of(digits.train, plain(), size=(7, 6)), 0)
    whole, _ = epoch(stream_of(digits.train, plain()), 0)
    assert np.array_equal(inputs, whole[:, :7, :6])


def test_processes_share_each_batch_between_them(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), batch_size=64, min_steps_per_epoch=1)
    whole, _ = epoch(stream_of(digits.train, config), 1)
    parts = [epoch(stream_of(digits.train, config, shard=(index, 2)), 1)[0] for index in (0, 1)]
    for step in range(3):
        together = np.concatenate([part[step * 32 : (step + 1) * 32] for part in parts])
        assert np.array_equal(together, whole[step * 64 : (step + 1) * 64])


def test_batches_that_cannot_be_shared_evenly_are_refused(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), batch_size=64, min_steps_per_epoch=1)
    with pytest.raises(ConfigError, match="batch_size.*3"):
        stream_of(digits.train, config, shard=(0, 3))


def test_other_back_ends_are_given_the_same_batches(digits: Dataset) -> None:
    stream = stream_of(digits.train, standard(), seed=2)
    inputs, labels = epoch(stream, 1)
    sequence = BatchSequence(stream)
    batches = [sequence[index] for index in range(len(sequence))]
    assert np.array_equal(np.concatenate([batch for batch, _ in batches]), inputs)
    assert np.array_equal(np.concatenate([batch for _, batch in batches]), labels)


def test_no_thread_tunes_the_stream_for_whose_end_an_epoch_would_wait(digits: Dataset) -> None:
    options = stream_of(digits.train, plain()).batches().options()  # type: ignore[union-attr]
    assert options.autotune.enabled is False


def never(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    raise AssertionError("nothing is to be warped here")


def test_shifted_images_are_windows_of_the_original_continued_from_its_edges(digits: Dataset) -> None:
    images = digits.train.images[:200]
    shifts = np.random.default_rng(0).integers(0, 5, size=(200, 2))
    ours = shift_images(images, shifts, 2)
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
    assert np.array_equal(gather(on_disk, rows), np.asarray(on_disk)[rows])


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
