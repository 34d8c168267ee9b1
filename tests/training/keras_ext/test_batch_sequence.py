from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.training.augmentation import Augmentation, draw_warps
from convscope.training.batches import TrainingBatches
from convscope.training.config import TrainConfig
from convscope.training.recipes import standard

require_backend()

from convscope.training.keras_ext.batch_sequence import BatchSequence, shift_images, warp_images  # noqa: E402


def sequence_of(digits: Dataset, config: TrainConfig, *, shard: tuple[int, int] = (0, 1)) -> BatchSequence:
    batches = TrainingBatches(digits.train, np.arange(len(digits.train)), config, seed=0)
    return BatchSequence(batches, shard=shard)


def epoch(sequence: BatchSequence, number: int) -> tuple[np.ndarray, np.ndarray]:
    sequence.begin(number)
    inputs, labels = zip(*(sequence[index] for index in range(len(sequence))), strict=True)
    return np.concatenate(inputs), np.concatenate(labels)


def test_an_epoch_holds_every_image_once_with_its_label_scaled_to_0_to_1(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), augmentation=Augmentation(), drop_remainder=False)
    inputs, labels = epoch(sequence_of(digits, config), 0)
    assert (inputs.dtype, inputs.min(), inputs.max()) == (np.float32, 0, 1)
    found = sorted((image.tobytes(), int(label)) for image, label in zip((inputs * 255).round().astype(np.uint8), labels))  # noqa: B905
    images = zip(digits.train.images, digits.train.labels, strict=True)
    assert found == sorted((image.tobytes(), int(label)) for image, label in images)


def test_processes_share_each_batch_between_them(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), batch_size=64, min_steps_per_epoch=1)
    whole, _ = epoch(sequence_of(digits, config), 1)
    parts = [epoch(sequence_of(digits, config, shard=(index, 2)), 1)[0] for index in (0, 1)]
    for step in range(3):
        together = np.concatenate([part[step * 32 : (step + 1) * 32] for part in parts])
        assert np.array_equal(together, whole[step * 64 : (step + 1) * 64])


def test_batches_that_cannot_be_shared_evenly_are_refused(digits: Dataset) -> None:
    config = dataclasses.replace(standard(), batch_size=64, min_steps_per_epoch=1)
    with pytest.raises(ConfigError, match="batch_size.*3"):
        sequence_of(digits, config, shard=(0, 3))


def test_shifted_images_are_windows_of_the_original_continued_from_its_edges(digits: Dataset) -> None:
    images = digits.train.images[:200]
    shifts = np.random.default_rng(0).integers(-2, 3, size=(200, 2)).astype(np.int16)
    ours = shift_images(images, shifts)
    for image, (row, column), cut in zip(images, shifts, ours, strict=True):
        for y in range(8):
            for x in range(8):
                assert cut[y, x] == image[np.clip(y + row, 0, 7), np.clip(x + column, 0, 7)]


def test_a_warp_is_what_scipy_makes_of_the_same_map(digits: Dataset) -> None:
    images = digits.train.images[:20]
    maps = draw_warps(Augmentation(shift=0.1, rotation=20, scaling=0.2, shear=0.2), (8, 8, 1), 20, np.random.default_rng(0))
    for image, warped, (xx, xy, x, yx, yy, y, *_) in zip(images, warp_images(images, maps), maps, strict=True):
        matrix, offset = np.array([[yy, yx], [xy, xx]]), np.array([y, x])
        theirs = ndimage.affine_transform(image[..., 0].astype(float), matrix, offset, order=1, mode="nearest")
        # TensorFlow cuts to whole grey levels, and continues the edge after interpolating, not before.
        inside = ndimage.affine_transform(np.ones((8, 8)), matrix, offset, order=1, mode="constant") > 0.999
        assert inside.any()
        assert np.abs(warped[..., 0] - theirs)[inside].max() <= 1.01


def test_a_flip_with_shifts_is_numpys_to_the_bit(digits: Dataset) -> None:
    images = digits.train.images[:60]
    maps = draw_warps(Augmentation(shift=0.2, flip=True), (8, 8, 1), 60, np.random.default_rng(0))
    shifts = np.stack([maps[:, 5], np.where(maps[:, 0] < 0, maps[:, 2] - 7, maps[:, 2])], axis=1).astype(np.int16)
    moved = shift_images(images, shifts)  # then mirrored: a map goes from the new image to the old one
    expected = np.where((maps[:, 0] < 0)[:, None, None, None], moved[:, :, ::-1], moved)
    assert np.array_equal(warp_images(images, maps), expected)
    assert (np.any(shifts, axis=1) & (maps[:, 0] < 0)).any()


def test_a_quarter_turn_is_numpys() -> None:
    image = np.arange(49, dtype=np.uint8).reshape(1, 7, 7, 1)
    maps = np.array([[0, -1, 6, 1, 0, 0, 0, 0]], np.float32)
    assert np.array_equal(warp_images(image, maps)[0, ..., 0], np.rot90(image[0, ..., 0]))
