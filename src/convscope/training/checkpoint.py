"""Checkpoints: the complete state of a training after an epoch, in one file.

A checkpoint holds the weights, the optimiser's moments and step count (which determines the learning rate), the
history, and the weights after every earlier epoch. Shuffling and augmentation depend only on seed and epoch, so they
have no state to save. The file is replaced atomically after each epoch: a killed training loses at most the current
epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import RunError
from ..models.network import Weights
from ..system.arrays import below, load_arrays, save_arrays
from .history import EpochRecord, History, history_from_csv

if TYPE_CHECKING:
    import keras

Variables = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state after ``len(history)`` epochs."""

    history: History
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``, in float32."""
    model: Variables
    """Every variable of the model in Keras' order, including those of random generators."""
    optimizer: Variables
    """Every variable of the optimiser: step count, learning rate, moments."""

    @property
    def epochs_done(self) -> int:
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, from 1; its weights are ``snapshots[best_epoch - 1]``."""
        return min(self.history, key=lambda record: record.val_loss).epoch


def capture(model: keras.Model, records: Sequence[EpochRecord], snapshots: Sequence[Mapping[str, Weights]]) -> Checkpoint:
    """Copy the state of a model in training, at the end of an epoch."""
    states = (tuple(np.array(variable) for variable in owner.variables) for owner in (model, model.optimizer))
    return Checkpoint(History(tuple(records)), tuple(snapshots), *states)


def restore(checkpoint: Checkpoint, model: keras.Model) -> None:
    """Restore the state in ``checkpoint`` into a compiled ``model``.

    Raises:
        RunError: The checkpoint belongs to a different network.
    """
    model.optimizer.build(model.trainable_variables)
    for owner, values in ((model, checkpoint.model), (model.optimizer, checkpoint.optimizer)):
        if [tuple(variable.shape) for variable in owner.variables] != [value.shape for value in values]:
            raise RunError("the checkpoint belongs to a different network. Train with --overwrite instead of --resume.")
        for variable, value in zip(owner.variables, values, strict=True):
            variable.assign(value)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write ``checkpoint`` to ``path``: 2 MB for ``cnn``, plus 0.4 MB per epoch."""
    arrays: dict[str, npt.ArrayLike] = {"history": np.frombuffer(checkpoint.history.to_csv().encode(), np.uint8)}
    arrays |= {f"model/{index}": value for index, value in enumerate(checkpoint.model)}
    arrays |= {f"optimizer/{index}": value for index, value in enumerate(checkpoint.optimizer)}
    for epoch, weights in enumerate(checkpoint.snapshots, start=1):
        arrays |= {f"epoch-{epoch}/{name}": array for name, array in weights.items()}
    save_arrays(path, arrays)


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a checkpoint, without unpickling; raise :class:`RunError` for any other file."""
    arrays = load_arrays(path)
    if "history" not in arrays:
        raise RunError(
            f"{str(path)!r} is not a checkpoint: it holds {', '.join(arrays) or 'no arrays'}. "
            "Train with --overwrite instead of --resume."
        )
    history = history_from_csv(arrays["history"].tobytes().decode(errors="replace"))
    snapshots = tuple(below(arrays, f"epoch-{record.epoch}") for record in history)
    states = (_variables(arrays, owner) for owner in ("model", "optimizer"))
    return Checkpoint(history, snapshots, *states)


def _variables(arrays: Mapping[str, npt.NDArray[Any]], owner: str) -> Variables:
    by_index = below(arrays, owner)
    return tuple(by_index[str(index)] for index in range(len(by_index)))
