"""The training loop: build, compile and fit a network, and return it in float32."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.dataset import Dataset, Split
from ..data.scaling import to_inputs
from ..models.backend import prefers_bfloat16, quiet_tensorflow_log, require_backend
from ..models.custom import Build
from ..models.network import Weights, from_keras
from .augmentation import in_words
from .batches import BatchStream
from .checkpoint import Checkpoint, load_checkpoint, restore
from .config import TrainConfig
from .determinism import seeded
from .devices import Devices, device_scope
from .events import Listener, TrainingStarted
from .foldable_batch_norm import add_foldable_batch_norm, fold_batch_norm, outputs_logits
from .history import History
from .interrupt import stop_on_interrupt
from .optimizers import make_loss, make_metrics, make_optimizer
from .unused_pixels import used_input_size
from .validation_split import validation_split

if TYPE_CHECKING:
    import keras

STEPS_PER_EXECUTION = 32
"""Steps per call into TensorFlow. 16 to 64 are equally fast; the progress bar moves once per call."""
VALIDATION_BATCH_SIZE = 1000


@dataclass(frozen=True, eq=False)
class Training:
    """The result of a training."""

    model: keras.Model
    """The trained network in float32, regardless of the precision of the training."""
    history: History
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``."""
    validation: Split
    """The images that were validated on."""
    num_train: int
    """Number of training images, without those held out."""
    batch_size: int
    seconds: float
    """Time from building the first layer to the last weight update, without imports and reading data. For a resumed
    training, the earlier epochs are included."""
    precision: str
    """``"mixed_bfloat16"`` or ``"float32"``."""
    stopped_early: bool
    """Whether Ctrl-C ended the training before its last epoch."""
    backend: str
    """Keras' back-end: ``"tensorflow"`` or ``"jax"``."""
    accelerators: tuple[str, ...]
    """Product names of the GPUs in use; empty on a CPU."""


def fit(
    build: Build,
    dataset: Dataset,
    config: TrainConfig,
    *,
    seed: int,
    progress: Listener | None = None,
    checkpoint: Path | None = None,
) -> Training:
    """Train a network on ``dataset`` with the settings in ``config``.

    The same arguments give the same weights, bit for bit, on the same machine with the same package versions.

    Args:
        build: A function of image shape (h, w, c) and number of classes that returns a ``keras.Model``.
        dataset: Only its training split is used, unless ``config`` validates on the test split.
        config: The settings.
        seed: Seed of weights, held-out images, shuffling and augmentation.
        progress: Called with :class:`TrainingStarted` and :class:`TrainProgress` events.
        checkpoint: A file for the state after each epoch. If it exists, the training resumes from it and ends with the
            weights of an uninterrupted one.

    Raises:
        MissingBackendError: Keras has no back-end.
        DatasetError: There are too few images to hold any out for validation.
        RunError: The checkpoint belongs to a different network.
    """
    backend = require_backend()
    from .keras_ext.callback import TrainingCallback

    kept, held_out = validation_split(dataset, config, seed=seed)
    precision = "mixed_bfloat16" if config.precision == "auto" and prefers_bfloat16() else "float32"
    started = time.perf_counter()
    with seeded(seed), quiet_tensorflow_log(), stop_on_interrupt() as stop:
        with _precision("float32"):
            plain = build(dataset.image_shape, dataset.num_classes)
        size = used_input_size(build, plain) if config.crop_unused_pixels else dataset.image_shape[:2]
        with device_scope() as devices:
            stream = BatchStream(dataset.train, kept, config, seed=seed, size=size, shard=devices.shard)
            model = _model_to_train(build, (*size, dataset.image_shape[2]), dataset.num_classes, config, precision, devices)
            _compile(model, config, stream.steps_per_epoch, devices)
            resumed = _resume_from_checkpoint(checkpoint, model)
            callback = TrainingCallback(stream, config, stop, progress, plain, checkpoint=checkpoint, resumed=resumed)
            first = resumed.epochs_done if resumed else 0
            if progress:
                progress(_built(plain, config, first, len(kept), len(held_out), precision))
            model.fit(
                stream.batches(),
                **_validation(held_out, size),
                epochs=config.epochs,
                initial_epoch=first,
                shuffle=False,  # the stream shuffles
                callbacks=[callback],
                verbose=0,
            )
            weights = fold_batch_norm(model, plain)
        plain.set_weights(weights)
    return Training(
        plain,
        History(tuple(callback.records)),
        tuple(callback.snapshots),
        held_out,
        len(kept),
        stream.batch_size,
        time.perf_counter() - started + (resumed.history.seconds if resumed else 0.0),
        precision,
        callback.stopped_early,
        backend,
        devices.accelerators,
    )


def _resume_from_checkpoint(path: Path | None, model: keras.Model) -> Checkpoint | None:
    """Restore the checkpoint at ``path`` into ``model``, if it exists, and return it."""
    if path is None or not path.is_file():
        return None
    checkpoint = load_checkpoint(path)
    restore(checkpoint, model)
    return checkpoint


def _validation(held_out: Split, size: tuple[int, int]) -> dict[str, Any]:
    """Return the arguments of ``fit`` for the validation images, cropped to ``size``."""
    inputs = to_inputs(held_out.images[:, : size[0], : size[1]])
    return {"validation_data": (inputs, held_out.labels), "validation_batch_size": VALIDATION_BATCH_SIZE}


def _model_to_train(
    build: Build, shape: tuple[int, int, int], num_classes: int, config: TrainConfig, precision: str, devices: Devices
) -> keras.Model:
    with _precision(precision):
        model = build(shape, num_classes)
        if config.precision != "auto":
            return model
        return add_foldable_batch_norm(model, normalize=config.batch_normalization, devices=devices.num_devices)


def _built(
    plain: keras.Model, config: TrainConfig, first: int, num_train: int, num_validation: int, precision: str
) -> TrainingStarted:
    augmentation = in_words(config.augmentation.describe(plain.input_shape[1:]))
    return TrainingStarted(
        from_keras(plain),
        config.epochs,
        first,
        num_train,
        num_validation,
        config.validation == "test",
        precision,
        augmentation,
    )


def _compile(model: keras.Model, config: TrainConfig, steps_per_epoch: int, devices: Devices) -> None:
    # TensorFlow cannot run several steps in one call when devices share a batch (an unfed placeholder in its loop).
    steps_per_call = 1 if devices.num_devices > 1 else min(STEPS_PER_EXECUTION, steps_per_epoch)
    from_logits = outputs_logits(model)
    model.compile(
        optimizer=make_optimizer(config, config.epochs * steps_per_epoch, devices=devices.num_devices),
        loss=make_loss(config, from_logits=from_logits),
        metrics=make_metrics(config, from_logits=from_logits),
        steps_per_execution=steps_per_call,
    )
    # Without this the first step creates the optimiser's variables, and TensorFlow traces such a step twice.
    model.optimizer.build(model.trainable_variables)


@contextlib.contextmanager
def _precision(name: str) -> Iterator[None]:
    """Build layers with the precision ``name`` in the block, then restore the previous policy."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
