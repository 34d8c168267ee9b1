from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from convscope.data.dataset import Dataset, Split
from convscope.models.architectures import cnn, logistic
from convscope.models.network import Weights, with_initial_weights
from convscope.training import native_fit
from convscope.training.augmentation import Augmentation, draw_warps
from convscope.training.config import TrainConfig
from convscope.training.events import Event, TrainProgress
from convscope.training.loop import fit
from convscope.training.native.engine import Engine, OptimizerSettings
from convscope.training.recipes import standard

SHIFTED = Augmentation(shift=0.25)
WARPED = Augmentation(shift=0.1, rotation=15, scaling=0.1, shear=0.1)


def weights_of(dataset: Dataset, config: TrainConfig) -> dict[str, Weights]:
    return fit(cnn, dataset, config, seed=5, engine="native").network.weight_arrays()


def same(first: dict[str, Weights], second: dict[str, Weights]) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", [SHIFTED, WARPED])
def test_images_on_disk_train_the_same_weights_as_images_in_memory(
    augmentation: Augmentation, digits: Dataset, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", digits.train.images)
    on_disk = Split(np.load(tmp_path / "images.npy", mmap_mode="r"), digits.train.labels)
    config = replace(standard(), epochs=2, augmentation=augmentation)
    assert isinstance(on_disk.images, np.memmap)
    assert same(weights_of(replace(digits, train=on_disk), config), weights_of(digits, config))


def test_weights_and_losses_do_not_depend_on_how_often_progress_is_reported(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(standard(), epochs=2, augmentation=SHIFTED)
    trainings, calls = [], []
    for seconds in (0.0, 1000.0):
        monkeypatch.setattr(native_fit, "SECONDS_PER_CALL", seconds)
        events: list[Event] = []
        trainings.append(fit(cnn, digits, config, seed=5, engine="native", progress=events.append))
        calls.append(sum(isinstance(event, TrainProgress) for event in events))
    often, rarely = trainings
    assert calls[0] > 5 * calls[1]
    assert same(often.network.weight_arrays(), rarely.network.weight_arrays())
    assert often.history.column("loss") == rarely.history.column("loss")


def test_the_measured_loss_and_accuracy_are_those_of_scikit_learn(digits: Dataset) -> None:
    network = logistic(digits.image_shape, 10)
    engine = Engine(network, batch_size=64, threads=1)
    measured = native_fit.measure(engine, digits.test)
    kernel, bias = network["dense"].weights.values()
    logits = (digits.test.images.reshape(len(digits.test), -1) / 255).astype(np.float64) @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert measured["loss"] == pytest.approx(log_loss(digits.test.labels, probabilities), rel=1e-5)
    assert measured["accuracy"] == accuracy_score(digits.test.labels, logits.argmax(axis=1))
    engine.close()


def test_a_flip_with_shifts_in_the_engine_is_numpys_to_the_bit(digits: Dataset) -> None:
    images, labels = digits.train.images[:64], digits.train.labels[:64]
    maps = draw_warps(Augmentation(shift=0.2, flip=True), (8, 8, 1), 64, np.random.default_rng(0))
    # The place in the old image that each pixel of the new one is read from, kept inside.
    pixels = np.stack([*np.meshgrid(np.arange(8), np.arange(8)), np.ones((8, 8))])
    columns, rows = (np.tensordot(maps[:, start : start + 3], pixels, 1).clip(0, 7).astype(int) for start in (0, 3))
    changed = images[np.arange(64)[:, None, None], rows, columns]
    assert not np.array_equal(changed, images)
    weights = []
    for given, warps in ((images, maps[:, :6]), (changed, None)):
        with Engine(with_initial_weights(cnn(digits.image_shape, 10), 0), batch_size=64, threads=1) as engine:
            engine.train(given, labels, np.arange(64), np.array([0.01], np.float32), OptimizerSettings(), warps=warps)
            weights.append(engine.weights())
    assert same(*weights)
