"""What happens in a worker: one training at a time, on one thread, and an end when there is nobody left to work for."""

from __future__ import annotations

import gc
import math
import os
import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import runs
from ..data.dataset import Dataset
from ..errors import RunError, RunExistsError
from ..experiment import train
from ..models.architectures import find_model
from ..run_files import CHECKPOINT, MANIFEST
from ..training.config import TrainConfig
from ..training.events import Event, Progress
from ..training.loop import fit
from .plan import THREADS_PER_RUN, Cell, Configuration
from .subsets import with_training_images, without_test_split

THREADS = {
    name: str(THREADS_PER_RUN)
    for name in (
        "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    )
}  # fmt: skip
"""What TensorFlow and NumPy read when they come up. Without it, workers would fight for every core with every other."""
LOOKS_PER_SECOND = 2
PATIENCE = 20
"""Seconds that a worker waits for a folder which another one, whose parent is gone, has not let go of yet."""
DIVERGED = 1e6
"""In place of a validation loss that is no number."""


def begin_process(parent: int) -> None:
    """Make ready a process of our own, before TensorFlow comes up in it. ``parent``: the process that it works for."""
    from ..models.backend import leave_out_extras

    # Ctrl-C reaches every process of the terminal; here it would end a training early and keep it as if it were whole.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_out_extras()
    if os.name != "nt":  # where a process keeps its parent's number for ever
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def train_cell(dataset: Dataset, cell: Cell, folder: Path) -> None:
    """Make the run of ``cell`` in ``folder``, or go on with it. What is complete stays as it is."""
    part = with_training_images(dataset, cell.size, seed=cell.seed)
    configuration, deadline = cell.configuration, time.monotonic() + PATIENCE
    while not (folder / MANIFEST).is_file():
        try:
            run = train(
                part,
                model=configuration.build,
                recipe=configuration.config,
                seed=cell.seed,
                out=folder,
                resume=True,
                report=False,
            )
        except RunExistsError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1 / LOOKS_PER_SECOND)
            continue
        if run.stopped_early:
            raise RunError(f"the training in {str(folder)!r} was stopped before its end; a whole one was expected.")
        del run
    _forget()


def train_away(dataset: Dataset, cell: Cell) -> dict[str, bytes]:
    """The files of the run of ``cell``, for a machine that shares no disk with the one that asked."""
    with tempfile.TemporaryDirectory(prefix="convscope-") as temporary:
        folder = Path(temporary) / "run"
        train_cell(dataset, cell, folder)
        files = (file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def receive_run(files: dict[str, bytes], folder: Path) -> None:
    """Write what :func:`train_away` returned as a run folder, the manifest last."""
    from ..files import write_bytes

    with runs.writing(folder, resume=True) as writable:
        (writable / CHECKPOINT).unlink(missing_ok=True)
        for name, content in files.items():
            write_bytes(writable / name, content)


@dataclass(frozen=True)
class Trial:
    """What a trial of a search measured on validation images after each epoch."""

    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    pruned: bool
    """Whether it was given up before its last epoch."""


def run_trial(
    dataset: Dataset, configuration: Configuration, config: TrainConfig, seed: int, bounds: Sequence[float]
) -> Trial:
    """Train with a setting under trial; the test split is taken away before. Gives up after the epoch in which the validation
    loss is above its place in ``bounds``, which may be shorter than the training."""
    losses: list[float] = []
    accuracies: list[float] = []

    def listen(event: Event) -> None:
        if not isinstance(event, Progress) or event.record is None:
            return
        losses.append(event.record.val_loss if math.isfinite(event.record.val_loss) else DIVERGED)
        accuracies.append(event.record.val_accuracy)
        if len(losses) < min(config.epochs, len(bounds) + 1) and losses[-1] > bounds[len(losses) - 1]:
            raise _GivenUp

    pruned = False
    try:
        fit(find_model(configuration.build), without_test_split(dataset), config, seed=seed, progress=listen)
    except _GivenUp:
        pruned = True
    _forget()
    return Trial(tuple(losses), tuple(accuracies), pruned)


class _GivenUp(Exception):  # noqa: N818  (nothing is wrong)
    """Leaves a training that is not worth going on with."""


def _forget() -> None:
    """Let go of what Keras keeps of a network; a worker may train hundreds."""
    import keras

    keras.utils.clear_session(free_memory=False)
    gc.collect()


def _end_with(parent: int) -> None:
    """A killed parent cannot tell its workers. Left alone, they would hold on to folders that its successor needs."""
    while os.getppid() == parent:
        time.sleep(1 / LOOKS_PER_SECOND)
    os._exit(1)
