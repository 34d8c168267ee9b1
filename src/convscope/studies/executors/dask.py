"""Workers of a running Dask cluster.

They need convscope with a back-end, but no shared disk: each gets the images once, and a run comes back as the bytes of its files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, CancelledError, Future
from pathlib import Path
from types import TracebackType
from typing import Any

from ...data.dataset import Dataset
from ...errors import ConfigError, MissingExtraError, RunError, option
from ...system.installation import pip_line
from ..plan import RunSpec
from .base import RunFunctions, dead_futures
from .subprocess import in_own_process

SECONDS_TO_CONNECT = 10


class DaskWorkers:
    """All workers of the cluster at ``address``."""

    time_limit: float | None = None
    """The process of a worker ends a task that takes too long, since how long it waited for a worker is unknown here."""

    def __init__(self, address: str, dataset: Dataset, functions: RunFunctions, *, time_limit: float | None = None) -> None:
        from distributed import Client
        from distributed.scheduler import KilledWorker

        client: Any = Client  # Dask is typed only in part
        try:
            self._client: Any = client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunError(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}). Give the address that `dask scheduler` "
                f"prints, such as tcp://10.0.0.5:8786, or leave {option('workers')} out."
            ) from error
        # The scheduler itself restarts the task of a dead worker, by default three times, before it reports KilledWorker.
        self.dead_errors: tuple[type[BaseException], ...] = (KilledWorker, CancelledError, BrokenExecutor)
        if not self._client.scheduler_info()["workers"]:
            self._client.close()
            raise RunError(f"the Dask cluster at {address!r} has no workers. Start at least one with: dask worker {address}")
        dataset.fingerprint  # noqa: B018  (cached here, so that no worker computes it again)
        self._functions, self._seconds = functions, time_limit
        self._whole, self._dataset = dataset, self._send(dataset)
        self._executor = self._client.get_executor(pure=False)

    def __enter__(self) -> DaskWorkers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

    @property
    def slots(self) -> int:
        """The number of worker processes; each trains one run at a time on any number of threads."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def start_run(self, spec: RunSpec, folder: Path) -> Future[Any]:
        return self.start(self._functions.train_away, spec)

    def keep_run(self, result: Any, folder: Path) -> None:
        self._functions.receive(result, folder)

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = self._executor.submit(
            in_own_process, function, self._dataset, *arguments, time_limit=self._seconds
        )
        return future

    def restart(self, pending: Collection[Future[Any]]) -> set[Future[Any]]:
        # The cluster's nannies restart the processes, which need the images again. The tasks of other workers continue.
        self._dataset = self._send(self._whole)
        return dead_futures(pending, self.dead_errors)

    def cancel(self, pending: Collection[Future[Any]]) -> None:
        # Waiting tasks are never started; a running training ends by itself, and its result is dropped.
        for future in pending:
            future.cancel()

    def _send(self, dataset: Dataset) -> Any:
        return self._client.scatter(dataset, broadcast=True, hash=False)


def check_dask(address: str) -> None:
    """Raise :class:`MissingExtraError` unless Dask is installed, :class:`ConfigError` without an address."""
    if importlib.util.find_spec("distributed") is None:
        raise MissingExtraError(
            f"workers on a cluster need Dask, which is not installed. Install it with: {pip_line('study')}"
        )
    if not address:
        raise ConfigError(f"{option('workers', 'dask:')} needs an address, such as dask:tcp://10.0.0.5:8786.")
