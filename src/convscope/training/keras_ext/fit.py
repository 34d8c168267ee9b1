"""Training with ``model.fit``, and the callback that passes batches and epochs on to the log."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from ...data.dataset import Split
from ...data.preprocessing import to_inputs
from ...models.backend import quiet_tensorflow_log
from ...models.network import from_keras
from ...types import Inputs, Labels
from ..batches import TrainingBatches
from ..checkpoint import Checkpoint, State, check_state
from ..config import TrainConfig
from ..epoch_log import EpochLog
from .batch_sequence import BatchSequence
from .devices import Devices, device_scope, seeded
from .optimizers import PLAIN_LOSS, is_fixed, make_loss, make_metrics, make_optimizer

VALIDATION_BATCH_SIZE = 1000


def fit_with_keras(
    build: Callable[[bool], keras.Model],
    batches: TrainingBatches,
    validation: Split,
    config: TrainConfig,
    log: EpochLog,
    *,
    seed: int,
    resumed: Checkpoint | None,
) -> tuple[keras.Model, Devices]:
    """Build, compile and fit a model, and return it with the devices that it was trained on.

    ``build`` is told whether several devices share each batch. RunError if ``resumed`` belongs to another network.
    """
    with seeded(seed), float32_policy(), quiet_tensorflow_log(), device_scope() as devices:
        model = build(devices.num_devices > 1)
        sequence = BatchSequence(batches, shard=devices.shard)
        model.compile(
            optimizer=make_optimizer(config, config.epochs * len(sequence)),
            loss=make_loss(config),
            metrics=make_metrics(config),
        )
        if resumed:
            model.optimizer.build(model.trainable_variables)
            check_state(resumed.state, state_of(model))
            restore(resumed.state, model)
        model.fit(
            sequence,
            validation_data=(to_inputs(validation.images), validation.labels),
            validation_batch_size=VALIDATION_BATCH_SIZE,
            class_weight=None if batches.class_weights is None else dict(enumerate(batches.class_weights.tolist())),
            epochs=log.epochs_done if log.has_ended else config.most_epochs,
            initial_epoch=log.epochs_done,
            shuffle=False,  # the sequence is shuffled
            callbacks=[TrainingCallback(log, sequence, config)],
            verbose=0,
        )
        if (state := log.state_to_restore) is not None:
            restore(state, model)
    # Keras would save the optimizer too, three times the weights, and with a schedule that is convscope's own code.
    model.compiled, model.optimizer = False, None
    return model, devices


def take_first_step(model: keras.Model, inputs: Inputs, labels: Labels) -> float:
    """Compute a batch forward and backward and return its loss; with a gradient that is not finite, so are the weights."""
    with seeded(0), float32_policy(), quiet_tensorflow_log():
        # Layer by layer: a graph would take longer to trace than it saves.
        model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", run_eagerly=True)
        return float(model.train_on_batch(inputs, labels))


@contextlib.contextmanager
def float32_policy() -> Iterator[None]:
    """Build layers in float32 in the block, then restore the session's policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets the epoch of the batches, reports to the log, and stops if the log says so."""

    def __init__(self, log: EpochLog, sequence: BatchSequence, config: TrainConfig) -> None:
        super().__init__()
        self._log, self._sequence, self._config = log, sequence, config

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._sequence.begin(epoch)
        self._log.begin()
        self._set_rate(0)  # once an epoch where the back-end keeps the variables to itself until its end

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._set_rate(batch)

    def _set_rate(self, batch: int) -> None:
        rate = self._log.rate(batch)
        if not is_fixed(self._config):
            self.model.optimizer.learning_rate = rate

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        batches = self._sequence.batches
        done = min((batch + 1) * batches.batch_size, batches.num_images)
        if logs and self._log.report(done, float(logs["loss"]), float(logs["accuracy"])):
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        # The history shows the loss without label smoothing and class weights, which is a metric of its own.
        logs = {**logs, **{part + "loss": logs[part + PLAIN_LOSS] for part in ("", "val_") if part + PLAIN_LOSS in logs}}
        values = {name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        weights = from_keras(self.model).weight_arrays()
        self._log.finish(values, weights, lambda: state_of(self.model))
        if self._log.has_ended:
            self.model.stop_training = True


def state_of(model: keras.Model) -> State:
    """Copy every variable of a model in training and of its optimizer: weights, random generators, moments, step count."""
    owners = {"model": model, "optimizer": model.optimizer}
    return {
        f"{owner}/{index}": np.array(variable) for owner, of in owners.items() for index, variable in enumerate(of.variables)
    }


def restore(state: State, model: keras.Model) -> None:
    """Take over a state with the names and shapes of :func:`state_of`."""
    for owner, of in (("model", model), ("optimizer", model.optimizer)):
        for index, variable in enumerate(of.variables):
            variable.assign(state[f"{owner}/{index}"])
