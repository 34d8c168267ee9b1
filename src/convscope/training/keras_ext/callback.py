"""The Keras callback of a training: progress events, history, snapshots and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ...models.network import Weights, from_keras
from ..batches import BatchStream
from ..checkpoint import Checkpoint, capture, save_checkpoint
from ..config import TrainConfig
from ..events import Listener, TrainProgress
from ..foldable_batch_norm import fold_batch_norm
from ..history import EpochRecord
from ..interrupt import StopRequest
from ..optimizers import PLAIN_LOSS
from ..schedule import rate_at


class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Callback that reports and records each epoch, saves its state and stops on request."""

    def __init__(
        self,
        stream: BatchStream,
        config: TrainConfig,
        stop: StopRequest,
        listener: Listener | None,
        plain: keras.Model,
        *,
        checkpoint: Path | None = None,
        resumed: Checkpoint | None = None,
    ) -> None:
        """Prepare the callback, with the state in ``resumed`` if there is one.

        ``plain`` is the network without batch normalisation, whose weights are recorded; ``checkpoint`` is a file for the state
        after each epoch.
        """
        super().__init__()
        self.records: list[EpochRecord] = list(resumed.history) if resumed else []
        self.snapshots: list[Mapping[str, Weights]] = list(resumed.snapshots) if resumed else []
        self.stopped_early = False
        self._stream, self._config, self._stop, self._listener = stream, config, stop, listener
        self._plain, self._checkpoint = plain, checkpoint
        self._epoch, self._images_done, self._started = 0, 0, 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._stream.begin(epoch)
        self._epoch, self._started = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._images_done = min((batch + 1) * self._stream.batch_size, self._stream.num_images)
        self._check_stop()
        if self._listener and logs:
            self._listener(self._progress(logs, None))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        # The history shows the loss without label smoothing, which is a metric of its own.
        logs = {**logs, **{part + "loss": logs[part + PLAIN_LOSS] for part in ("", "val_") if part + PLAIN_LOSS in logs}}
        values = {name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        seconds = time.perf_counter() - self._started
        record = EpochRecord(self._epoch, seconds, **values, learning_rate=self._last_rate())
        self.records.append(record)
        self._plain.set_weights(fold_batch_norm(self.model, self._plain))
        self.snapshots.append(from_keras(self._plain).weight_arrays())
        self._check_stop()
        if self._checkpoint and not self.stopped_early:
            save_checkpoint(capture(self.model, self.records, self.snapshots), self._checkpoint)
        if self._listener:
            self._listener(self._progress(logs, record))

    def _check_stop(self) -> None:
        """Stop if the user has asked to; after the last step this does not count as stopped early."""
        if self._stop.asked:
            self.model.stop_training = True
            done = self._epoch == self._config.epochs and self._images_done == self._stream.num_images
            self.stopped_early = self.stopped_early or not done

    def _last_rate(self) -> float:
        steps_taken = int(np.asarray(self.model.optimizer.iterations))
        return rate_at(steps_taken - 1, self._config, self._config.epochs * self._stream.steps_per_epoch)

    def _progress(self, logs: dict[str, Any], record: EpochRecord | None) -> TrainProgress:
        return TrainProgress(
            str(self.model.name), self._epoch, self._config.epochs, self._images_done, self._stream.num_images,
            float(logs["loss"]), float(logs["accuracy"]), time.perf_counter() - self._started, record,
        )  # fmt: skip
