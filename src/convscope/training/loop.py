"""The training itself: build, compile, fit, and a float32 model with the learnt weights."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.dataset import Dataset, Split
from ..data.prepare import to_inputs
from ..data.split import stratified_split
from ..errors import DatasetError
from ..models.architectures import Build
from ..models.backend import computes_bfloat16, require_backend
from ..models.network import Weights, from_keras
from .batches import BatchStream
from .checkpoint import load_checkpoint, restore
from .config import TrainConfig
from .events import Built, Listener
from .history import History
from .interrupt import stop_on_interrupt
from .schedule import learning_rate
from .seeding import seeded

if TYPE_CHECKING:
    import keras

STEPS_PER_EXECUTION = 32
"""Steps that TensorFlow takes without coming back to Python. 16 to 64 were equally fast; the bar moves once each."""
VALIDATION_BATCH_SIZE = 1000


@dataclass(frozen=True, eq=False)
class Training:
    """What came out of a training."""

    model: keras.Model
    """In float32, whatever it was trained in."""
    history: History
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``."""
    validation: Split
    num_train: int
    batch_size: int
    seconds: float
    """From the first layer built to the last weight learnt; imports and reading of data are not in it. Of a training that
    went on after a stop, the epochs before it count too."""
    precision: str
    """``"mixed_bfloat16"`` or ``"float32"``."""
    stopped_early: bool
    """Whether Ctrl-C ended it before the last epoch did."""


def fit(
    build: Build,
    dataset: Dataset,
    config: TrainConfig,
    *,
    seed: int,
    progress: Listener | None = None,
    checkpoint: Path | None = None,
) -> Training:
    """Train ``build(image_shape, num_classes)`` on ``dataset`` as ``config`` says.

    The same arguments on the same machine with the same versions give the same weights, bit for bit. ``checkpoint`` names
    a file that keeps the state after each epoch; where it is there already, the training goes on from it, and ends with
    the weights of one that was never stopped.
    Raises :class:`MissingBackendError`, or :class:`DatasetError` where too few images are left to train on.
    """
    require_backend()
    from .recorder import Recorder

    train, validation = split_for(dataset, config, seed=seed)
    precision = "mixed_bfloat16" if config.precision == "auto" and computes_bfloat16() else "float32"
    started = time.perf_counter()
    with seeded(seed), stop_on_interrupt() as stop:
        with _precision(precision):
            model = build(dataset.image_shape, dataset.num_classes)
        stream = BatchStream(train, config, seed=seed)
        _compile(model, config, stream.steps_per_epoch)
        begun = load_checkpoint(checkpoint) if checkpoint and checkpoint.is_file() else None
        if begun:
            restore(begun, model)
        recorder = Recorder(stream, config, stop, progress, checkpoint=checkpoint, begun=begun)
        first = begun.epochs_done if begun else 0
        if progress:
            on_test = config.validation == "test"
            progress(Built(from_keras(model), config.epochs, first, len(train), len(validation), on_test, precision))
        model.fit(
            stream.dataset(),
            epochs=config.epochs,
            initial_epoch=first,
            validation_data=(to_inputs(validation.images), validation.labels),
            validation_batch_size=VALIDATION_BATCH_SIZE,
            shuffle=False,  # the stream shuffles by itself
            callbacks=[recorder],
            verbose=0,
        )
        with _precision("float32"):
            plain = build(dataset.image_shape, dataset.num_classes)
        plain.set_weights(model.get_weights())
    return Training(
        plain,
        History(tuple(recorder.records)),
        tuple(recorder.snapshots),
        validation,
        len(train),
        stream.batch_size,
        time.perf_counter() - started + (begun.history.seconds if begun else 0.0),
        precision,
        recorder.cut_short,
    )


def split_for(dataset: Dataset, config: TrainConfig, *, seed: int) -> tuple[Split, Split]:
    """The images to train on and those to validate on. The test split is the second only where the recipe says so."""
    if config.validation == "test":
        return dataset.train, dataset.test
    kept, held_out = stratified_split(dataset.train.labels, config.validation_fraction, seed=seed)
    if len(held_out) == 0:
        raise DatasetError(
            f"{dataset.name} has {len(dataset.train)} training images; too few to hold any out for validation. "
            "At least two per class were expected."
        )
    return dataset.train.take(kept), dataset.train.take(held_out)


def _compile(model: keras.Model, config: TrainConfig, steps_per_epoch: int) -> None:
    import keras

    rate = learning_rate(config, config.epochs * steps_per_epoch)
    optimizer = keras.optimizers.Adam(rate, beta_1=config.beta_1, beta_2=config.beta_2)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=min(STEPS_PER_EXECUTION, steps_per_epoch),
    )


@contextlib.contextmanager
def _precision(name: str) -> Iterator[None]:
    """Layers built inside compute in ``name``; the session's own policy comes back afterwards."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
