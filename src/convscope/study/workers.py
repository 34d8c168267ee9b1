"""Where runs are made: in processes here, or on the workers of a Dask cluster. Both are given work in the same way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ..data.dataset import Dataset
from ..errors import ConfigError
from ..machine import describe_machine
from .plan import Cell

DASK = "dask:"
MOST_WORKERS = 1024


class Workers(Protocol):
    """Processes that train."""

    died: tuple[type[BaseException], ...]
    """The errors of a future whose process is gone."""

    @property
    def slots(self) -> int:
        """How many tasks they can be given at a time."""

    def start_run(self, cell: Cell, folder: Path) -> Future[Any]:
        """Begin a run, or go on with it."""

    def keep_run(self, result: Any, folder: Path) -> None:
        """See that what the future gave is in ``folder``."""

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin ``function(dataset, *arguments)``."""

    def renew(self, under_way: Collection[Future[Any]]) -> set[Future[Any]]:
        """New processes in place of those that died. Returns those of ``under_way`` that will have no result any more; the
        others must not be begun again, since they go on or are done."""

    def give_up(self, under_way: Collection[Future[Any]]) -> None:
        """End what is ``under_way``, and begin nothing of it that still waits."""


def lost(futures: Collection[Future[Any]], died: tuple[type[BaseException], ...]) -> set[Future[Any]]:
    """Those of ``futures`` that ended because their process did."""
    return {
        future for future in futures
        if future.cancelled() or (future.done() and isinstance(future.exception(), died))
    }  # fmt: skip


def open_workers(workers: int | str | None, dataset: Dataset, num_tasks: int) -> AbstractContextManager[Workers]:
    """The workers that ``workers`` names: a number of processes here, ``dask:ADDRESS``, or ``None`` for a process per core,
    but never more than there are ``num_tasks``. Raises :class:`ConfigError`; :class:`RunError` where no cluster answers."""
    from .dask_workers import DaskWorkers
    from .local_workers import LocalWorkers

    if isinstance(workers, str) and workers.startswith(DASK):
        return DaskWorkers(workers.removeprefix(DASK), dataset)
    return LocalWorkers(max(1, min(_number(workers), num_tasks)), dataset)


def check_workers(workers: int | str | None) -> None:
    """Raise :class:`ConfigError` for anything that :func:`open_workers` cannot read, without starting anything."""
    if isinstance(workers, str) and workers.startswith(DASK):
        from .dask_workers import check_dask

        check_dask(workers.removeprefix(DASK))
    else:
        _number(workers)


def _number(workers: int | str | None) -> int:
    if workers is None:
        return int(describe_machine()["cores"])
    number = int(workers) if isinstance(workers, int) or (isinstance(workers, str) and workers.isdecimal()) else 0
    if isinstance(workers, bool) or not 1 <= number <= MOST_WORKERS:
        raise ConfigError(
            f"workers={workers!r} cannot be used; a number of processes from 1 to {MOST_WORKERS:,}, or dask:ADDRESS as in "
            "dask:tcp://10.0.0.5:8786 was expected."
        )
    return number
