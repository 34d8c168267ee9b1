"""Train one run of a study, here or for another machine."""

import tempfile
import time
from pathlib import Path

from ..data.dataset import Dataset
from ..errors import RunError, RunExistsError
from ..runs import run_folder
from ..runs.files import CHECKPOINT, MANIFEST
from ..studies.executors.base import RunFunctions
from ..studies.hyperparameter_search import clear_keras_session
from ..studies.plan import RunSpec
from ..system.files import write_bytes
from ..training.checkpoint import OtherArithmeticError
from .train import train

PATIENCE, SECONDS_BETWEEN_TRIES = 20, 0.5
"""Seconds to wait for a folder that a worker of a killed study has not unlocked yet."""


def train_run(dataset: Dataset, spec: RunSpec, folder: Path) -> None:
    """Train the run of ``spec`` in ``folder``, or continue it; a complete run is left as it is."""
    part = spec.dataset(dataset)
    configuration, deadline = spec.configuration, time.monotonic() + PATIENCE
    while not (folder / MANIFEST).is_file():
        try:
            model, recipe = configuration.build, configuration.config
            run = train(part, model=model, recipe=recipe, seed=spec.seed, out=folder, resume=True, report=False)
        except OtherArithmeticError:
            (folder / CHECKPOINT).unlink()  # no study waits for the machine that it was begun on
            continue
        except RunExistsError:
            if time.monotonic() > deadline:
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
            continue
        if run.stopped_early:
            raise RunError(f"the training in {str(folder)!r} was stopped before its last epoch. Run the study again.")
        del run
    clear_keras_session()


def train_away(dataset: Dataset, spec: RunSpec) -> dict[str, bytes]:
    """Train the run of ``spec`` and return its files, for a machine that shares no disk with this one."""
    with tempfile.TemporaryDirectory(prefix="convscope-") as temporary:
        folder = Path(temporary) / "run"
        train_run(dataset, spec, folder)
        files = (file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def receive_run(files: dict[str, bytes], folder: Path) -> None:
    """Write the result of :func:`train_away` as a run folder, the manifest last."""
    with run_folder.writing_run(folder, resume=True) as writable:
        (writable / CHECKPOINT).unlink(missing_ok=True)
        for name, content in files.items():
            write_bytes(writable / name, content)


RUN_FUNCTIONS = RunFunctions(train_run, train_away, receive_run)
"""What the workers are given, since they import no verb."""
