"""The training itself: build, compile, fit, and a float32 model with the learnt weights."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.dataset import Dataset, Split
from ..data.prepare import to_inputs
from ..models.architectures import Build
from ..models.backend import computes_bfloat16, remarks_held, require_backend
from ..models.network import Weights, from_keras
from .augmentation import in_words
from .batches import BatchStream
from .checkpoint import Checkpoint, load_checkpoint, restore
from .config import TrainConfig
from .events import Built, Listener
from .history import History
from .holding_out import hold_out
from .interrupt import stop_on_interrupt
from .optimizers import make_loss, make_metrics, make_optimizer
from .placement import Placement, placed
from .seeding import seeded
from .seeing import seeing_side
from .twin import answers_with_logits, folded_weights, training_twin

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
    backend: str
    """Keras' name of what computed: ``"tensorflow"`` or ``"jax"``."""
    accelerators: tuple[str, ...]
    """The makers' names of the GPUs that computed; none where the processor did."""


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
    backend = require_backend()
    from .recorder import Recorder

    kept, held_out = hold_out(dataset, config, seed=seed)
    precision = _precision_for(config)
    started = time.perf_counter()
    with seeded(seed), remarks_held(), stop_on_interrupt() as stop:
        with _precision("float32"):
            plain = build(dataset.image_shape, dataset.num_classes)
        side = seeing_side(build, plain) if config.crop_unused_pixels else dataset.image_shape[:2]
        with placed() as placement:
            stream = BatchStream(dataset.train, kept, config, seed=seed, side=side, shard=placement.shard)
            model = _model_to_train(
                build, (*side, dataset.image_shape[2]), dataset.num_classes, config, precision, placement
            )
            _compile(model, config, stream.steps_per_epoch, placement)
            begun = _taken_up(checkpoint, model)
            recorder = Recorder(stream, config, stop, progress, plain, checkpoint=checkpoint, begun=begun)
            first = begun.epochs_done if begun else 0
            if progress:
                progress(_built(plain, config, first, len(kept), len(held_out), precision))
            model.fit(
                stream.batches(),
                **_validation(held_out, side),
                epochs=config.epochs,
                initial_epoch=first,
                shuffle=False,  # the stream shuffles by itself
                callbacks=[recorder],
                verbose=0,
            )
            learnt = folded_weights(model, plain)
        plain.set_weights(learnt)
    return Training(
        plain,
        History(tuple(recorder.records)),
        tuple(recorder.snapshots),
        held_out,
        len(kept),
        stream.batch_size,
        time.perf_counter() - started + (begun.history.seconds if begun else 0.0),
        precision,
        recorder.cut_short,
        backend,
        placement.accelerators,
    )


def _taken_up(path: Path | None, model: keras.Model) -> Checkpoint | None:
    """What an earlier process came to, now in ``model`` too; nothing where there was none."""
    if path is None or not path.is_file():
        return None
    begun = load_checkpoint(path)
    restore(begun, model)
    return begun


def _validation(held_out: Split, side: tuple[int, int]) -> dict[str, Any]:
    """What ``fit`` is told of it."""
    inputs = to_inputs(held_out.images[:, : side[0], : side[1]])
    return {"validation_data": (inputs, held_out.labels), "validation_batch_size": VALIDATION_BATCH_SIZE}


def _precision_for(config: TrainConfig) -> str:
    return "mixed_bfloat16" if config.precision == "auto" and computes_bfloat16() else "float32"


def _model_to_train(
    build: Build, shape: tuple[int, int, int], num_classes: int, config: TrainConfig, precision: str, placement: Placement
) -> keras.Model:
    with _precision(precision):
        model = build(shape, num_classes)
        if config.precision != "auto":
            return model
        return training_twin(model, normalize=config.batch_normalization, devices=placement.num_devices)


def _built(
    plain: keras.Model, config: TrainConfig, first: int, num_train: int, num_validation: int, precision: str
) -> Built:
    on_test = config.validation == "test"
    words = in_words(config.augmentation.describe(plain.input_shape[1:]))
    return Built(from_keras(plain), config.epochs, first, num_train, num_validation, on_test, precision, words)


def _compile(model: keras.Model, config: TrainConfig, steps_per_epoch: int, placement: Placement) -> None:
    # Several steps at once fail in TensorFlow where several devices share each (an unfed placeholder in the loop).
    at_once = 1 if placement.num_devices > 1 else min(STEPS_PER_EXECUTION, steps_per_epoch)
    from_logits = answers_with_logits(model)
    model.compile(
        optimizer=make_optimizer(config, config.epochs * steps_per_epoch, devices=placement.num_devices),
        loss=make_loss(config, from_logits=from_logits),
        metrics=make_metrics(config, from_logits=from_logits),
        steps_per_execution=at_once,
    )
    # Else its variables come up while the first step is traced, and TensorFlow traces a step that made any once more.
    model.optimizer.build(model.trainable_variables)


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
