"""Checkpoints: the complete state of a training after an epoch, in one file.

A checkpoint holds what an engine needs to go on (weights, moments, step count), the history, and the weights after every
epoch. Shuffling and augmentation depend only on seed and epoch, so they have no state to save. The file is replaced
atomically after each epoch: a killed training loses at most the current epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import RunError, option
from ..models.network import Weights
from ..system.arrays import below, load_arrays, save_arrays
from .history import History, history_from_csv

State = Mapping[str, npt.NDArray[Any]]
"""What an engine needs to go on: arrays under names of its own."""


class OtherArithmeticError(RunError):
    """The training was begun with an arithmetic that rounds otherwise."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state after ``len(history)`` epochs."""

    history: History
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``, in float32."""
    state: State
    arithmetic: str
    """What computed it, as :func:`~convscope.training.engines.describe_arithmetic` says."""
    kept: State = field(default_factory=dict)
    """The state at the end of the best cycle; empty if it is not kept apart."""

    @property
    def epochs_done(self) -> int:
        return len(self.history)


def check_state(state: State, expected: State) -> None:
    """Raise :class:`RunError` unless both states have the same names, shapes and types."""
    shapes, wanted = ({name: (values.shape, values.dtype) for name, values in each.items()} for each in (state, expected))
    if shapes != wanted:
        raise RunError(f"the checkpoint belongs to another network or engine. Train {_anew()}.")


def _anew() -> str:
    return f"with {option('overwrite', True)} instead of {option('resume', True)}"


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write ``checkpoint`` to ``path``: 2 MB for ``cnn``, plus 0.4 MB per epoch."""
    texts = {"history": checkpoint.history.to_csv(), "arithmetic": checkpoint.arithmetic}
    arrays: dict[str, npt.ArrayLike] = {name: np.frombuffer(text.encode(), np.uint8) for name, text in texts.items()}
    for part, state in (("state", checkpoint.state), ("kept", checkpoint.kept)):
        arrays |= {f"{part}/{name}": value for name, value in state.items()}
    for epoch, weights in enumerate(checkpoint.snapshots, start=1):
        arrays |= {f"epoch-{epoch}/{name}": array for name, array in weights.items()}
    save_arrays(path, arrays)


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a checkpoint, without unpickling; raise :class:`RunError` for any other file."""
    try:
        arrays = load_arrays(path)
        history, arithmetic = (arrays[name].tobytes().decode(errors="replace") for name in ("history", "arithmetic"))
        epochs = history_from_csv(history)
    except (RunError, KeyError) as error:
        raise RunError(f"the checkpoint {str(path)!r} cannot be read. Delete it, and the training begins again.") from error
    snapshots = tuple(below(arrays, f"epoch-{record.epoch}") for record in epochs)
    for each in snapshots[1:]:
        check_state(each, snapshots[0])
    return Checkpoint(epochs, snapshots, below(arrays, "state"), arithmetic, below(arrays, "kept"))


def resume_from(path: Path | None, arithmetic: str) -> Checkpoint | None:
    """Load the checkpoint, if there is one; :class:`OtherArithmeticError` unless ``arithmetic`` computed it, too."""
    if path is None or not path.is_file():
        return None
    checkpoint = load_checkpoint(path)
    if checkpoint.arithmetic != arithmetic:
        raise OtherArithmeticError(
            f"the training was begun with {checkpoint.arithmetic}, and would go on with {arithmetic} to other weights. "
            f"Resume it as it was begun, or train {_anew()}."
        )
    return checkpoint
