"""The interface of workers: processes on this machine or a Dask cluster, given work in the same way.

Also what a worker process does by itself: ignore Ctrl-C, and end with the process that started it.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...data.dataset import Dataset
from ...system.isolation import OFFLINE, SAFE_PATH, THREAD_NUMBERS
from ..plan import THREADS_PER_RUN, RunSpec


@dataclass(frozen=True)
class RunFunctions:
    """The functions that make a run."""

    train: Callable[[Dataset, RunSpec, Path], None]
    """Train in a folder on this machine."""
    train_away: Callable[[Dataset, RunSpec], dict[str, bytes]]
    """Train on another machine and return the files of the run by name."""
    receive: Callable[[dict[str, bytes], Path], None]
    """Write those files into a folder on this machine."""


class Executor(Protocol):
    """Processes that train."""

    dead_errors: tuple[type[BaseException], ...]
    """Errors of a future whose process died."""

    time_limit: float | None
    """Seconds after which a task is given up; None for no limit, and where the workers themselves see to it."""

    @property
    def slots(self) -> int:
        """The number of tasks that run at a time."""

    def start_run(self, spec: RunSpec, folder: Path) -> Future[Any]:
        """Start a run, or continue it."""

    def keep_run(self, result: Any, folder: Path) -> None:
        """Store the result of a future of :meth:`start_run` in ``folder``."""

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Start ``function(dataset, *arguments)``."""

    def restart(self, pending: Collection[Future[Any]]) -> set[Future[Any]]:
        """Replace dead processes and return those of ``pending`` that will never have a result.

        The others continue or are done, and must not be started again.
        """

    def cancel(self, pending: Collection[Future[Any]]) -> None:
        """Stop what is ``pending``, and start nothing of it that still waits."""


def dead_futures(futures: Collection[Future[Any]], dead_errors: tuple[type[BaseException], ...]) -> set[Future[Any]]:
    """Return those of ``futures`` that ended because their process died."""
    return {
        future for future in futures
        if future.cancelled() or (future.done() and isinstance(future.exception(), dead_errors))
    }  # fmt: skip


ENVIRONMENT = dict.fromkeys(THREAD_NUMBERS, str(THREADS_PER_RUN)) | SAFE_PATH | OFFLINE
"""Environment variables of workers; TensorFlow and NumPy read the numbers on import, and compete for every core without them."""


def begin_process(parent: int) -> None:
    """Prepare a worker process before it imports TensorFlow; it ends with the process ``parent``."""
    # Ctrl-C reaches every process of the terminal; here it would end a training early and keep it as if it were complete.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name != "nt":  # on Windows, a process keeps the number of its parent forever
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A killed parent cannot stop its workers, which would keep folders locked that the next study needs.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
