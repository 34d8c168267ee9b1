"""Open the workers of a study: processes on this machine or a Dask cluster."""

import threading
from contextlib import AbstractContextManager

from ...data.dataset import Dataset
from ...errors import ConfigError, option
from ...system.hardware import describe_machine
from .base import Executor, RunFunctions
from .dask import DaskWorkers, check_dask
from .local import LocalWorkers

DASK, MAX_WORKERS = "dask:", 1024


def open_workers(
    workers: int | str | None, dataset: Dataset, num_tasks: int, functions: RunFunctions, time_limit: float | None
) -> AbstractContextManager[Executor]:
    """Return processes on this machine, by default one per core and at most one per task, or those of ``dask:ADDRESS``."""
    if isinstance(workers, str) and workers.startswith(DASK):
        return DaskWorkers(workers.removeprefix(DASK), dataset, functions, time_limit=time_limit)
    number = max(1, min(_number(workers), num_tasks))
    return LocalWorkers(number, dataset, functions, time_limit=time_limit)


def check_workers(workers: int | str | None, time_limit: float | None = None) -> None:
    """Raise :class:`ConfigError` if :func:`open_workers` cannot use the arguments; start nothing."""
    if time_limit is not None and not 0 < time_limit <= threading.TIMEOUT_MAX:
        raise ConfigError(f"{option('time_limit')} must be a number of seconds above 0; got {time_limit!r}.")
    if isinstance(workers, str) and workers.startswith(DASK):
        check_dask(workers.removeprefix(DASK))
    else:
        _number(workers)


def _number(workers: int | str | None) -> int:
    if workers is None:
        return int(describe_machine()["cores"])
    number = int(workers) if isinstance(workers, int) or (isinstance(workers, str) and workers.isdecimal()) else 0
    if isinstance(workers, bool) or not 1 <= number <= MAX_WORKERS:
        raise ConfigError(
            f"workers must be a number of processes from 1 to {MAX_WORKERS:,}, or dask:ADDRESS such as "
            f"dask:tcp://10.0.0.5:8786; got {workers!r}."
        )
    return number
