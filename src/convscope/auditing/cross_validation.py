"""Out-of-sample probabilities for every training image: each is judged by a network that was trained on the other folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.calibration import log_softmax
from ..arrays import load_arrays, save_arrays
from ..data.dataset import Dataset
from ..errors import ConfigError, DatasetError, RunError
from ..models.architectures import find_model
from ..models.network import from_keras
from ..models.onnx_layers import onnx_bytes
from ..models.predictor import Predictor
from ..training.config import TrainConfig
from ..training.events import Event, Progress
from ..training.loop import fit
from ..training.recipes import sprint
from ..types import Floats, Images, Labels

MODEL = "cnn"
"""The network of the folds, whatever the run's own is: the audit is about the labels, and ``logistic`` would doubt too many."""
ENOUGH_STEPS, MOST_EPOCHS = 350, 5
"""One epoch of ``sprint`` is enough where it has so many steps; small sets get more epochs, at most so many."""
MOST_VALIDATION = 300
"""Images that a fold holds out of its training: they choose nothing here, so few."""
FEWEST_FOLDS, MOST_FOLDS = 2, 50


@dataclass(frozen=True)
class Auditing:
    """Where the cross-validation stands; comes several times per fold."""

    fold: int
    """From 1."""
    folds: int
    images_done: int
    """Of this fold, over its epochs."""
    num_images: int


Listener = Callable[[Auditing], None]


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """What networks say of images that they were not trained on."""

    train: Floats
    """(n, k) float32 probabilities; rows of NaN for images of a class that no network can have seen without them."""
    test: Floats
    """(m, k) float32: the mean over the networks of all folds."""
    epochs: int
    notes: tuple[str, ...]


def cross_validate(
    dataset: Dataset,
    *,
    folds: int,
    seed: int,
    progress: Listener | None = None,
    checkpoint: Path | None = None,
    before_reading: Callable[[], object] = lambda: None,
) -> OutOfSample:
    """Train one network per fold on the others and ask it about its own; stratified, by ``seed``.

    ``checkpoint``: a file that keeps what the folds said; where it is there from an audit that was stopped, of the same
    data with the same settings, it goes on after the folds that are done. ``before_reading`` is called before a network is asked
    about the test split.
    Raises :class:`ConfigError` for a number of folds that cannot be; :class:`DatasetError` where no class has two images;
    ``KeyboardInterrupt`` after Ctrl-C.
    """
    labels, size = dataset.train.labels, dataset.num_classes
    counts = dataset.train.class_counts(size)
    _check_folds(folds, dataset, counts)
    fold_of = assign_folds(labels, folds, seed=seed)
    config = fold_config(len(labels) * (folds - 1) // folds)
    train = np.full((len(labels), size), np.nan, np.float32)
    test = np.zeros((len(dataset.test), size))
    key = f"{dataset.fingerprint} {folds} {seed} {config}"
    done = _load(checkpoint, key)
    for fold in range(folds):
        rows, own = f"{fold}/rows", f"{fold}/test"
        if rows not in done:
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


def assign_folds(labels: Labels, folds: int, *, seed: int) -> Labels:
    """(n,) the fold of each image: every class is spread as evenly as can be, and so are all images. Classes with fewer images
    than folds are in some folds only, never all in one, unless it is a single image."""
    generator = np.random.Generator(np.random.PCG64([seed, folds]))
    fold_of = np.empty(len(labels), np.int64)
    given = 0
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        fold_of[members] = (given + np.arange(len(members))) % folds
        given += len(members)
    return fold_of


def fold_config(num_images: int) -> TrainConfig:
    """``sprint`` in smaller batches, for as many epochs as ``num_images`` need."""
    config = replace(sprint(), batch_size=128, learning_rate=0.015)
    steps = max(1, num_images * config.passes_for(num_images) // config.batch_size_for(num_images))
    epochs = min(MOST_EPOCHS, -(-ENOUGH_STEPS // steps))
    return replace(config, epochs=epochs, max_validation_images=MOST_VALIDATION)


def probabilities(predictor: Predictor, images: Images) -> Floats:
    """(n, k) float32."""
    return np.exp(log_softmax(predictor.logits(images).astype(np.float64))).astype(np.float32)


def _train(
    dataset: Dataset, rows: Labels, config: TrainConfig, seed: int, progress: Callable[[Event], None] | None
) -> Predictor:
    fold = Dataset(dataset.name, dataset.train.take(rows), dataset.test, dataset.class_names, dataset.provenance)
    training = fit(find_model(MODEL), fold, config, seed=seed, progress=progress)
    if training.stopped_early:
        raise KeyboardInterrupt
    return Predictor(onnx_bytes(from_keras(training.model)))


def _within(fold: int, folds: int, config: TrainConfig, progress: Listener | None) -> Callable[[Event], None] | None:
    if progress is None:
        return None

    def listen(event: Event) -> None:
        if isinstance(event, Progress):
            done = (event.epoch - 1) * event.num_images + event.images_done
            progress(Auditing(fold + 1, folds, done, config.epochs * event.num_images))

    return listen


def _load(checkpoint: Path | None, key: str) -> dict[str, Any]:
    if checkpoint is None or not checkpoint.is_file():
        return {}
    try:
        arrays = load_arrays(checkpoint)
    except RunError:  # half of one, from an earlier version, or not ours: begin anew
        return {}
    return arrays if arrays.pop("key", np.empty(0, np.uint8)).tobytes() == key.encode() else {}


def _check_folds(folds: int, dataset: Dataset, counts: Labels) -> None:
    if isinstance(folds, bool) or not isinstance(folds, int) or not FEWEST_FOLDS <= folds <= MOST_FOLDS:
        raise ConfigError(
            f"folds={folds!r} cannot be audited with; a whole number from {FEWEST_FOLDS} to {MOST_FOLDS} was expected."
        )
    if int((counts >= 2).sum()) < 2:
        raise DatasetError(
            f"{dataset.name} has fewer than two classes with two or more training images; nobody can judge a label without "
            "having seen another image of its class. Add images."
        )


def _notes(class_names: tuple[str, ...], counts: Labels, folds: int) -> list[str]:
    single = [name for name, count in zip(class_names, counts, strict=True) if count == 1]
    few = [f"{name} ({count})" for name, count in zip(class_names, counts, strict=True) if 2 <= count < folds]
    notes = []
    if single:
        notes.append(
            f"Not judged: {_listed(single)}, with a single training image; a network that has not seen it knows nothing of its "
            "class."
        )
    if few:
        notes.append(
            f"Judged by networks that saw very few others of the class: {_listed(few)}, with fewer training images than the "
            f"{folds} folds. Suspicions there are weak."
        )
    return notes


def _listed(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
