"""One trial of a hyperparameter search."""

import gc
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..data.dataset import Dataset
from ..models.architectures import find_model
from ..training.config import TrainConfig
from ..training.events import Event, TrainProgress
from ..training.loop import fit
from .plan import Configuration, without_test_split

DIVERGED = 1e6
"""Recorded instead of a validation loss that is NaN or infinite."""


@dataclass(frozen=True)
class Trial:
    """Validation results of a trial after each epoch."""

    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    pruned: bool
    """Whether it was stopped before its last epoch."""


def run_trial(
    dataset: Dataset, configuration: Configuration, config: TrainConfig, seed: int, bounds: Sequence[float]
) -> Trial:
    """Train the network of ``configuration`` with the settings ``config``, without access to the test split.

    ``bounds`` are validation losses per epoch above which the trial is pruned; they may be fewer than the epochs.
    """
    losses: list[float] = []
    accuracies: list[float] = []

    def listen(event: Event) -> None:
        if not isinstance(event, TrainProgress) or event.record is None:
            return
        losses.append(event.record.val_loss if math.isfinite(event.record.val_loss) else DIVERGED)
        accuracies.append(event.record.val_accuracy)
        if len(losses) < min(config.epochs, len(bounds) + 1) and losses[-1] > bounds[len(losses) - 1]:
            raise _Pruned

    pruned = False
    try:
        fit(find_model(configuration.build), without_test_split(dataset), config, seed=seed, progress=listen)
    except _Pruned:
        pruned = True
    clear_keras_session()
    return Trial(tuple(losses), tuple(accuracies), pruned)


class _Pruned(Exception):  # noqa: N818  (a decision, not an error)
    """Leaves a training that is not worth continuing."""


def clear_keras_session() -> None:
    """Release what Keras, if it is in use, keeps of a network; a worker may train hundreds."""
    keras = sys.modules.get("keras")
    if keras is None:
        return
    keras.utils.clear_session(free_memory=False)
    gc.collect()
