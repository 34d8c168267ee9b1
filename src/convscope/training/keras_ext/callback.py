"""The Keras callback of a training: it passes batches and epochs on to the log."""

from typing import Any

import keras
import numpy as np

from ...models.network import from_keras
from ..checkpoint import State
from ..config import TrainConfig
from ..epoch_log import EpochLog
from .batch_sequence import BatchSequence
from .optimizers import PLAIN_LOSS, is_fixed


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
