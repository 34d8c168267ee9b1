"""Everything that a training needs to go on as if it had never stopped, in one file.

Weights, the optimiser's moments and its count of steps (on which the schedule depends), the history and the weights of
every epoch so far, the best one included. Shuffling and shifting are functions of seed and epoch, so that no state of
theirs has to be kept. The file is written after each epoch, whole or not at all: killed at any moment, a training loses
at most the epoch under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..arrays import below, load_arrays, save_arrays
from ..errors import RunError
from ..models.network import Weights
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
    """Every variable of the model, in Keras' order; those of random generators included."""
    optimizer: Variables
    """Every variable of the optimiser: count of steps, learning rate, moments."""

    @property
    def epochs_done(self) -> int:
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """From 1: the epoch with the lowest validation loss so far; its weights are ``snapshots[best_epoch - 1]``."""
        return min(self.history, key=lambda record: record.val_loss).epoch


def capture(model: keras.Model, records: Sequence[EpochRecord], snapshots: Sequence[Mapping[str, Weights]]) -> Checkpoint:
    """Copy the state of a model that is being trained, at the end of an epoch."""
    states = (tuple(np.array(variable) for variable in owner.variables) for owner in (model, model.optimizer))
    return Checkpoint(History(tuple(records)), tuple(snapshots), *states)


def restore(checkpoint: Checkpoint, model: keras.Model) -> None:
    """Put a compiled ``model`` into the state of ``checkpoint``. Raises :class:`RunError` where it is another model's."""
    model.optimizer.build(model.trainable_variables)
    for owner, values in ((model, checkpoint.model), (model.optimizer, checkpoint.optimizer)):
        if [tuple(variable.shape) for variable in owner.variables] != [value.shape for value in values]:
            raise RunError(
                "the checkpoint holds the state of another network; one of the same network was expected. "
                "Train without --resume, with --overwrite."
            )
        for variable, value in zip(owner.variables, values, strict=True):
            variable.assign(value)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write ``checkpoint`` to ``path`` in place of the one before. About 2 MB for ``cnn``, and 0.4 MB per epoch."""
    arrays: dict[str, npt.ArrayLike] = {"history": np.frombuffer(checkpoint.history.to_csv().encode(), np.uint8)}
    arrays |= {f"model/{index}": value for index, value in enumerate(checkpoint.model)}
    arrays |= {f"optimizer/{index}": value for index, value in enumerate(checkpoint.optimizer)}
    for epoch, weights in enumerate(checkpoint.snapshots, start=1):
        arrays |= {f"epoch-{epoch}/{name}": array for name, array in weights.items()}
    save_arrays(path, arrays)


def load_checkpoint(path: Path) -> Checkpoint:
    """The inverse of :func:`save_checkpoint`; nothing is unpickled. Raises :class:`RunError` for any other file."""
    arrays = load_arrays(path)
    if "history" not in arrays:
        raise RunError(
            f"{str(path)!r} holds {', '.join(arrays) or 'nothing'}; a checkpoint that convscope wrote was expected. "
            "Train without --resume, with --overwrite."
        )
    history = history_from_csv(arrays["history"].tobytes().decode(errors="replace"))
    snapshots = tuple(below(arrays, f"epoch-{record.epoch}") for record in history)
    states = (_numbered(arrays, owner) for owner in ("model", "optimizer"))
    return Checkpoint(history, snapshots, *states)


def _numbered(arrays: Mapping[str, npt.NDArray[Any]], owner: str) -> Variables:
    named = below(arrays, owner)
    return tuple(named[str(index)] for index in range(len(named)))
