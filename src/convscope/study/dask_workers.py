"""The workers of a Dask cluster that somebody else started. They need convscope with a back-end, and no disk in common with
this machine: the images are sent to each once, and a run comes back as the bytes of its files."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, CancelledError, Future
from pathlib import Path
from types import TracebackType
from typing import Any

from ..data.dataset import Dataset
from ..errors import ConfigError, MissingExtraError, RunError
from .own_process import in_own_process
from .plan import Cell
from .workers import lost
from .working import receive_run, train_away

SECONDS_TO_CONNECT = 10


class DaskWorkers:
    """Everything that the cluster at ``address`` has. The scheduler starts a task again whose worker died, three times by
    its default; then the study asks once more."""

    def __init__(self, address: str, dataset: Dataset) -> None:
        from distributed import Client
        from distributed.scheduler import KilledWorker

        client: Any = Client  # Dask's own hints stop half-way
        try:
            self._client: Any = client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunError(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}); the address that `dask scheduler` shows was "
                "expected, as tcp://10.0.0.5:8786. Start one, or leave --workers out."
            ) from error
        self.died: tuple[type[BaseException], ...] = (KilledWorker, CancelledError, BrokenExecutor)
        if not self._client.scheduler_info()["workers"]:
            self._client.close()
            raise RunError(
                f"the Dask cluster at {address!r} has no workers; at least one was expected. Start one with: dask worker {address}"
            )
        dataset.fingerprint  # noqa: B018  (computed once, here, and sent along)
        self._whole, self._dataset = dataset, self._send(dataset)
        self._executor = self._client.get_executor(pure=False)

    def __enter__(self) -> DaskWorkers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

    @property
    def slots(self) -> int:
        """As many as there are worker processes now: each trains one at a time, however many threads it has."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def start_run(self, cell: Cell, folder: Path) -> Future[Any]:
        return self.start(train_away, cell)

    def keep_run(self, result: Any, folder: Path) -> None:
        receive_run(result, folder)

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = self._executor.submit(in_own_process, function, self._dataset, *arguments)
        return future

    def renew(self, under_way: Collection[Future[Any]]) -> set[Future[Any]]:
        """The cluster's own nannies start them; they need the images again. What other workers do goes on: begun again, it
        would be trained twice."""
        self._dataset = self._send(self._whole)
        return lost(under_way, self.died)

    def give_up(self, under_way: Collection[Future[Any]]) -> None:
        """What waits is not begun any more; a training that has begun ends by itself, and nobody asks for its result."""
        for future in under_way:
            future.cancel()

    def _send(self, dataset: Dataset) -> Any:
        return self._client.scatter(dataset, broadcast=True, hash=False)


def check_dask(address: str) -> None:
    """Raise :class:`MissingExtraError` unless Dask is installed, :class:`ConfigError` where no address was given."""
    if importlib.util.find_spec("distributed") is None:
        raise MissingExtraError(
            'workers on a cluster need Dask, which is not installed; install it with: pip install "convscope[study]"'
        )
    if not address:
        raise ConfigError("--workers dask: was given without an address; one as in dask:tcp://10.0.0.5:8786 was expected.")
