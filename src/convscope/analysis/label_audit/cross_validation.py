"""Out-of-sample probabilities for every training image, by cross-validation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...data.dataset import Dataset
from ...data.split import assign_folds
from ...errors import ConfigError, DatasetError, RunError
from ...formatting import shorten_list
from ...models.architectures import find_model
from ...models.onnx_writer.writer import onnx_bytes
from ...models.predictor import Predictor
from ...system.arrays import load_arrays, save_arrays
from ...training.config import TrainConfig
from ...training.events import Event, TrainProgress
from ...training.loop import fit
from ...training.recipes import sprint
from ...types import Floats, Images, Labels
from ..uncertainty.temperature import log_softmax

MODEL = "cnn"
"""The network of the folds, regardless of the run's own: ``logistic`` would flag too many labels."""
MIN_STEPS, MAX_EPOCHS = 350, 5
"""Training steps after which no further epoch begins, and the largest number of epochs."""
MAX_VALIDATION = 300
"""Validation images per fold: few, since they do not influence training."""
MIN_FOLDS, MAX_FOLDS = 2, 50
MAX_NAMED = 10


@dataclass(frozen=True)
class AuditProgress:
    """Progress of the cross-validation, reported several times per fold."""

    fold: int
    """From 1."""
    folds: int
    images_done: int
    """Images of this fold so far, over all its epochs."""
    num_images: int


Listener = Callable[[AuditProgress], None]


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """Predictions of networks for images that they were not trained on."""

    train: Floats
    """(n, k) float32 probabilities; rows are NaN for the only training image of a class."""
    test: Floats
    """(m, k) float32, the mean over the networks of all folds."""
    epochs: int
    notes: tuple[str, ...]


def cross_validate(
    dataset: Dataset,
    *,
    folds: int,
    seed: int,
    balance: str = "none",
    progress: Listener | None = None,
    checkpoint: Path | None = None,
    before_reading: Callable[[], object] = lambda: None,
) -> OutOfSample:
    """Predict each fold, and the test split, by a network trained on the other folds.

    Folds are stratified by class; ``balance`` is the setting of that name. ``checkpoint`` is a file for the predictions of
    finished folds, which are not computed again with the same data and settings. ``before_reading`` is called before each
    prediction on the test split.
    """
    labels, size = dataset.train.labels, dataset.num_classes
    counts = dataset.train.class_counts(size)
    _check_folds(folds, dataset, counts)
    fold_of = assign_folds(labels, folds, seed=seed, groups=dataset.train.groups)
    config = fold_config(len(labels) * (folds - 1) // folds).with_settings({"balance": balance})
    train = np.full((len(labels), size), np.nan, np.float32)
    test = np.zeros((len(dataset.test), size))
    key = f"{dataset.fingerprint} {folds} {seed} {config}"
    sizes = {f"{fold}/rows": int((fold_of == fold).sum()) for fold in range(folds)}
    sizes |= {f"{fold}/test": len(dataset.test) for fold in range(folds)}
    done = _load(checkpoint, key, {name: (rows, size) for name, rows in sizes.items()})
    for fold in range(folds):
        rows, own = f"{fold}/rows", f"{fold}/test"
        if rows not in done or own not in done:
            predictor = _train(
                dataset, np.flatnonzero(fold_of != fold), config, seed, _within(fold, folds, config, progress)
            )
            done[rows] = probabilities(predictor, dataset.train.images[fold_of == fold])
            before_reading()
            done[own] = probabilities(predictor, dataset.test.images)
            if checkpoint is not None:
                save_arrays(checkpoint, {**done, "key": np.frombuffer(key.encode(), np.uint8)})
        train[fold_of == fold] = done[rows]
        test += done[own] / folds
    train[(counts < 2)[labels]] = np.nan
    return OutOfSample(train, test.astype(np.float32), config.epochs, tuple(_notes(dataset.class_names, counts, folds)))


def fold_config(num_images: int) -> TrainConfig:
    """Return ``sprint`` with enough epochs for ``num_images``."""
    config = sprint()
    steps = max(1, num_images * config.repeats_per_epoch(num_images) // config.batch_size_for(num_images))
    epochs = min(MAX_EPOCHS, -(-MIN_STEPS // steps))
    return replace(config, epochs=epochs, max_validation_images=MAX_VALIDATION)


def probabilities(predictor: Predictor, images: Images) -> Floats:
    """Return the softmax probabilities of ``images``, (n, k) float32."""
    return np.exp(log_softmax(predictor.logits(images).astype(np.float64))).astype(np.float32)


def _train(
    dataset: Dataset, rows: Labels, config: TrainConfig, seed: int, progress: Callable[[Event], None] | None
) -> Predictor:
    fold = Dataset(dataset.name, dataset.train.take(rows), dataset.test, dataset.class_names, dataset.provenance)
    training = fit(find_model(MODEL), fold, config, seed=seed, progress=progress)
    if training.stopped_early:
        raise KeyboardInterrupt
    return Predictor(onnx_bytes(training.network))


def _within(fold: int, folds: int, config: TrainConfig, progress: Listener | None) -> Callable[[Event], None] | None:
    if progress is None:
        return None

    def listen(event: Event) -> None:
        if isinstance(event, TrainProgress):
            done = (event.epoch - 1) * event.num_images + event.images_done
            progress(AuditProgress(fold + 1, folds, done, config.epochs * event.num_images))

    return listen


def _load(checkpoint: Path | None, key: str, shapes: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    if checkpoint is None or not checkpoint.is_file():
        return {}
    try:
        arrays = load_arrays(checkpoint)
    except RunError:  # damaged or of another version: start again
        return {}
    if arrays.pop("key", np.empty(0, np.uint8)).tobytes() != key.encode():
        return {}
    fitting = {name: each for name, each in arrays.items() if each.shape == shapes.get(name) and each.dtype == np.float32}
    return {name: each for name, each in fitting.items() if ((each >= 0) & (each <= 1)).all()}


def _check_folds(folds: int, dataset: Dataset, counts: Labels) -> None:
    if isinstance(folds, bool) or not isinstance(folds, int) or not MIN_FOLDS <= folds <= MAX_FOLDS:
        raise ConfigError(f"folds must be a whole number from {MIN_FOLDS} to {MAX_FOLDS}; got {folds!r}.")
    if int((counts >= 2).sum()) < 2:
        raise DatasetError(
            f"{dataset.name} has fewer than two classes with two or more training images, which the audit needs to train on "
            "one and predict the other. Add images."
        )


def _notes(class_names: tuple[str, ...], counts: Labels, folds: int) -> list[str]:
    by_class = list(zip(class_names, counts, strict=True))
    single = [name for name, count in by_class if count == 1]
    few = [f"{name} ({count})" for name, count in by_class if 2 <= count < folds]
    notes = []
    if single:
        notes.append(
            f"Not audited: {shorten_list(single, MAX_NAMED)}, with a single training image; without it, no network is trained "
            "on its class."
        )
    if few:
        notes.append(
            f"Audited by networks trained on very few others of the class: {shorten_list(few, MAX_NAMED)}, with fewer training "
            f"images than the {folds} folds. Scores of these classes are unreliable."
        )
    return notes
