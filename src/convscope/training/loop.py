"""Training: build a network, train it with one of the two engines, and return it in float32."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.dataset import Dataset, Split
from ..errors import MissingBackendError
from ..models.architectures import MODELS
from ..models.backend import require_backend
from ..models.custom import Build
from ..models.keras_model import to_keras
from ..models.network import Network, Weights, from_keras, nodes, with_initial_weights
from ..models.saving import keras_logits, with_logits
from ..system.hardware import usable_threads
from ..types import Floats, Images
from .augmentation import in_words
from .batches import TrainingBatches
from .checkpoint import Checkpoint, resume_from
from .class_balance import PriorCorrection, class_weights, prior_correction
from .config import TrainConfig
from .engines import EngineName, check_engine, choose_engine, describe_arithmetic, why_not_native
from .epoch_log import EpochLog, stop_on_interrupt
from .events import Listener, TrainingStarted
from .foldable_batch_norm import add_batch_norm, fold_batch_norm
from .history import History
from .native.library import MAX_THREADS
from .native_fit import fit_with_engine
from .schedule import Ending
from .validation_split import validation_split

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Training:
    """The result of a training."""

    network: Network
    """The trained network."""
    history: History
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``."""
    validation: Split
    """The images that were validated on."""
    num_train: int
    """Number of training images, without those held out."""
    batch_size: int
    steps_per_epoch: int
    seconds: float
    """Time from the first step to the last weight update, validation included, without imports and reading data. For a
    resumed training, the earlier epochs are included."""
    earlier_seconds: float
    """Of those epochs."""
    stopped_early: bool
    """Whether Ctrl-C ended the training before its last epoch."""
    ending: Ending | None
    """Why it ended otherwise."""
    epochs_trained: int
    """All epochs; history and snapshots end with the one whose weights were kept."""
    engine: EngineName
    backend: str
    """``"native"``, or Keras' back-end: ``"tensorflow"`` or ``"jax"``."""
    arithmetic: str
    """As :func:`~convscope.training.engines.describe_arithmetic` says: with another, the weights may be others."""
    accelerators: tuple[str, ...]
    """Product names of the GPUs in use; empty on a CPU."""
    logits: Callable[[Images], Floats]
    """Maps images (n, h, w, c) uint8 to logits (n, k), computed by the engine that trained the network."""
    keras_model: keras.Model | None = None
    """The model that Keras trained; None after a training by the native engine."""
    correction: PriorCorrection | None = None
    """What was added to the last bias after the training, in ``network`` and ``snapshots`` alike; None without one."""

    @property
    def model(self) -> keras.Model:
        """The network as a ``keras.Model``; MissingBackendError if Keras has no back-end."""
        return to_keras(self.network) if self.keras_model is None else self.keras_model


@dataclass(frozen=True, eq=False)
class _Trained:
    weights: Mapping[str, Weights]
    logits: Callable[[Images], Floats]
    backend: str
    accelerators: tuple[str, ...] = ()
    keras_model: keras.Model | None = None


def fit(
    build: Build,
    dataset: Dataset,
    config: TrainConfig,
    *,
    seed: int,
    engine: str = "auto",
    progress: Listener | None = None,
    checkpoint: Path | None = None,
) -> Training:
    """Train the network of ``build`` on the training split of ``dataset``; its test split is used if ``config`` validates on it.

    The same arguments give the same weights, bit for bit, on the same machine with the same package versions; with the native
    engine, whatever the number of threads. :attr:`Training.arithmetic` says what the weights depend on besides.

    ``build`` takes an image shape (h, w, c) and a number of classes and returns a network or a ``keras.Model``. ``engine`` is
    ``"native"``, ``"keras"``, or ``"auto"``: native where it knows every layer. ``progress`` gets :class:`TrainingStarted` and
    :class:`TrainProgress`. ``checkpoint`` is a file for the state after each epoch; if it exists, the training resumes from it.

    Raises:
        ConfigError: The native engine was asked for and cannot train the network.
        MissingBackendError: Keras is needed and has no back-end.
        DatasetError: There are too few images to hold any out for validation.
        RunError: The checkpoint belongs to another network, or was computed with another arithmetic.
    """
    check_engine(engine)
    kept, held_out = validation_split(dataset, config, seed=seed)
    plain, model = _initial(build, dataset, seed)
    counts = np.bincount(dataset.train.labels[kept], minlength=dataset.num_classes)
    correction = prior_correction(counts, plain) if config.balance == "prior" else None
    finish = partial(_finished, plain=plain, correction=correction)
    unknown = why_not_native(plain, model)
    chosen, reason = choose_engine(engine, plain.name, unknown)
    network = add_batch_norm(plain) if config.batch_normalization and not unknown else plain
    of_classes = class_weights(counts) if config.balance == "weights" else None
    batches = TrainingBatches(dataset.train, kept, config, seed=seed, class_weights=of_classes)
    arithmetic = describe_arithmetic(chosen)
    resumed = resume_from(checkpoint, arithmetic)
    with stop_on_interrupt() as stop:
        log = EpochLog(
            plain.name, config, batches.num_images, batches.batch_size, stop, num_validation=len(held_out),
            fold=finish, has_usual_layers=not unknown, listener=progress,
            checkpoint=checkpoint, arithmetic=arithmetic, resumed=resumed,
        )  # fmt: skip
        if progress:
            progress(_started(plain, config, log.epochs_done, len(kept), len(held_out), chosen, reason))
        started = time.perf_counter()
        if chosen == "native":
            trained = _train_natively(network, batches, held_out, config, log, seed, resumed)
        else:

            def make(synchronized: bool) -> keras.Model:
                if model is None or not unknown:
                    return to_keras(network, synchronized=synchronized)
                # What a user's model holds beyond its description, only its function can build again.
                custom = build_custom(build, dataset, seed)
                assert not isinstance(custom, Network)
                return custom

            trained = _train_with_keras(make, batches, held_out, config, log, seed, resumed)
        seconds = time.perf_counter() - started
    earlier = resumed.history.seconds if resumed else 0.0
    result = plain.with_weights(finish(trained.weights))
    if correction:
        trained = _corrected(trained, correction.shifts)
    return Training(
        result,
        History(tuple(log.records[: log.kept_epoch])),
        tuple(log.snapshots[: log.kept_epoch]),
        held_out,
        len(kept),
        batches.batch_size,
        batches.steps_per_epoch,
        seconds + earlier,
        earlier,
        log.stopped_early,
        None if log.stopped_early else log.ending,
        len(log.records),
        chosen,
        trained.backend,
        arithmetic,
        trained.accelerators,
        trained.logits,
        trained.keras_model if network is plain or trained.keras_model is None else to_keras(result),
        correction,
    )


def _initial(build: Build, dataset: Dataset, seed: int) -> tuple[Network, keras.Model | None]:
    """Return the network before its first step and, for a custom one, the model that Keras built."""
    if build in MODELS.values():
        network = build(dataset.image_shape, dataset.num_classes)
        assert isinstance(network, Network)
        return with_initial_weights(network, seed), None
    built = build_custom(build, dataset, seed)
    return (with_initial_weights(built, seed), None) if isinstance(built, Network) else (from_keras(built), built)


def build_custom(build: Build, dataset: Dataset, seed: int) -> Network | keras.Model:
    """Return what a user's function builds; a description needs no Keras."""
    try:
        require_backend()
    except MissingBackendError:
        return build(dataset.image_shape, dataset.num_classes)
    from .keras_ext.devices import seeded
    from .keras_ext.fit import float32_policy

    with seeded(seed), float32_policy():
        return build(dataset.image_shape, dataset.num_classes)


def _train_natively(
    network: Network, batches: TrainingBatches, held_out: Split, config: TrainConfig, log: EpochLog, seed: int,
    resumed: Checkpoint | None,
) -> _Trained:  # fmt: skip
    threads = usable_threads(MAX_THREADS)
    engine = fit_with_engine(network, batches, held_out, config, log, seed=seed, threads=threads, resumed=resumed)
    return _Trained(engine.weights(), engine.logits, "native")


def _train_with_keras(
    make: Callable[[bool], keras.Model], batches: TrainingBatches, held_out: Split, config: TrainConfig, log: EpochLog, seed: int,
    resumed: Checkpoint | None,
) -> _Trained:  # fmt: skip
    backend = require_backend()
    from .keras_ext.fit import fit_with_keras

    model, devices = fit_with_keras(make, batches, held_out, config, log, seed=seed, resumed=resumed)
    logits = partial(keras_logits, with_logits(model))
    return _Trained(from_keras(model).weight_arrays(), logits, backend, devices.accelerators, model)


def _finished(weights: Mapping[str, Weights], plain: Network, correction: PriorCorrection | None) -> dict[str, Weights]:
    """Return the weights of the network that comes out, from those in training."""
    folded = fold_batch_norm(weights, plain)
    return correction.added_to(folded, plain) if correction else folded


def _corrected(trained: _Trained, shifts: Floats) -> _Trained:
    if trained.keras_model is not None:
        nodes(trained.keras_model)[-1].operation.bias.assign_add(shifts)
    return replace(trained, logits=lambda images: trained.logits(images) + shifts)


def _started(
    network: Network, config: TrainConfig, first: int, num_train: int, num_validation: int, engine: str, reason: str
) -> TrainingStarted:
    augmentation = in_words(config.augmentation.describe(network.input_shape))
    validates_on_test = config.validation == "test"
    return TrainingStarted(
        network,
        config.epochs,
        first,
        num_train,
        config.repeats_per_epoch(num_train),
        num_validation,
        validates_on_test,
        engine,
        reason,
        augmentation,
    )
