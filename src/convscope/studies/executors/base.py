"""The interface of workers: processes on this machine or a Dask cluster, given work in the same way."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...data.dataset import Dataset
from ..plan import RunSpec


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
