from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.models.backend import require_backend
from convscope.training.batches import BatchStream, epoch_images, epoch_order, epoch_shifts, padded, shift_pixels
from convscope.training.config import TrainConfig
from convscope.training.recipes import notebook, standard

require_backend()


def epoch(stream: BatchStream, number: int) -> tuple[np.ndarray, np.ndarray]:
    stream.begin(number)
    batches = [(inputs.numpy(), labels.numpy()) for inputs, labels in stream.dataset()]
    assert len(batches) == stream.steps_per_epoch
    return np.concatenate([inputs for inputs, _ in batches]), np.concatenate([labels for _, labels in batches])


def without_shift() -> TrainConfig:
    return dataclasses.replace(standard(), shift=0.0)


def test_an_epoch_holds_every_image_once_with_its_label(digits: Dataset) -> None:
    inputs, labels = epoch(BatchStream(digits.train, without_shift(), seed=0), 0)
    pairs = sorted(
        (image.tobytes(), label) for image, label in zip((inputs * 255).round().astype(np.uint8), labels, strict=True)
    )
    assert pairs == sorted(
        (image.tobytes(), label) for image, label in zip(digits.train.images, digits.train.labels, strict=True)
    )
    assert inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)


def test_epochs_and_seeds_shuffle_differently_and_repeatably(digits: Dataset) -> None:
    config = standard()
    first, again = BatchStream(digits.train, config, seed=0), BatchStream(digits.train, config, seed=0)
    assert np.array_equal(epoch(first, 3)[0], epoch(again, 3)[0])
    assert not np.array_equal(epoch(first, 3)[1], epoch(first, 4)[1])
    assert not np.array_equal(epoch(first, 3)[1], epoch(BatchStream(digits.train, config, seed=1), 3)[1])


def test_an_epochs_order_does_not_depend_on_those_before_it(digits: Dataset) -> None:
    stream = BatchStream(digits.train, standard(), seed=0)
    straight = [epoch(stream, number)[0] for number in range(3)]
    assert np.array_equal(epoch(BatchStream(digits.train, standard(), seed=0), 2)[0], straight[2])


def test_shifted_images_are_windows_of_the_original(digits: Dataset) -> None:
    stream = BatchStream(digits.train, standard(), seed=5)
    pixels = shift_pixels(standard(), digits.image_shape)
    assert pixels == 1
    inputs, _ = epoch(stream, 0)
    order = epoch_order(len(digits.train), seed=5, epoch=0)
    offsets = set()
    for place in range(0, len(order), 40):
        frame = padded(digits.train.images[order[place] : order[place] + 1], pixels)[0] / np.float32(255)
        matches = [
            (row, column)
            for row in range(2 * pixels + 1)
            for column in range(2 * pixels + 1)
            if np.allclose(frame[row : row + 8, column : column + 8], inputs[place])
        ]
        assert matches
        offsets.update(matches[:1])
    assert len(offsets) == 9


def test_an_epochs_images_are_those_cut_out_one_by_one(digits: Dataset) -> None:
    images, pixels = digits.train.images[:200], 2
    order, shifts = epoch_order(200, seed=1, epoch=0), epoch_shifts(200, pixels, seed=1, epoch=0)
    frames = padded(images, pixels)
    ours = epoch_images(frames, order, shifts, pixels)
    for place, index in enumerate(order):
        row, column = shifts[index]
        assert np.array_equal(ours[place], frames[index, row : row + 8, column : column + 8])


def test_shifts_grow_with_the_image() -> None:
    assert shift_pixels(standard(), (28, 28, 1)) == 2
    assert shift_pixels(standard(), (64, 96, 3)) == 5
    assert shift_pixels(notebook(), (28, 28, 1)) == 0


@pytest.mark.parametrize("num_images", [1, 127, 129])
def test_the_last_batch_may_be_small(digits: Dataset, num_images: int) -> None:
    stream = BatchStream(digits.train.take(np.arange(num_images)), notebook(), seed=0)
    assert len(epoch(stream, 0)[1]) == num_images
