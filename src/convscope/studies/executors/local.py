"""Worker processes on this machine, in a pool of loky; they write their run folders themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from types import TracebackType
from typing import Any

from ...data.dataset import Dataset
from ..plan import RunSpec
from .base import ENVIRONMENT, RunFunctions, begin_process, dead_futures

_dataset: Dataset | None = None
"""In a worker: the training data, sent once."""


class LocalWorkers:
    """A pool of ``number`` processes with a copy of ``dataset`` each: 55 MB for MNIST, plus about 0.8 GB to train on it."""

    dead_errors: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, number: int, dataset: Dataset, functions: RunFunctions, *, time_limit: float | None = None) -> None:
        self.time_limit = time_limit
        self.number, self._dataset, self._functions = number, dataset, functions
        dataset.fingerprint  # noqa: B018  (cached here, so that no worker computes it again)
        self._pool = self._new_pool()

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, kill_workers=kind is not None)

    @property
    def slots(self) -> int:
        return self.number

    def start_run(self, spec: RunSpec, folder: Path) -> Future[Any]:
        return self.start(self._functions.train, spec, folder)

    def keep_run(self, result: Any, folder: Path) -> None:
        """Do nothing: the workers write their run folders."""

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = self._pool.submit(_with_dataset, function, arguments)
        return future

    def restart(self, pending: Collection[Future[Any]]) -> set[Future[Any]]:
        # When one process dies, loky breaks the whole pool.
        gone = {each for each in pending if not each.done()} | dead_futures(pending, self.dead_errors)
        self.cancel(pending)
        self._pool = self._new_pool()
        return gone

    def cancel(self, pending: Collection[Future[Any]]) -> None:
        self._pool.shutdown(wait=True, kill_workers=True)

    def _new_pool(self) -> Any:
        from loky import ProcessPoolExecutor

        return ProcessPoolExecutor(self.number, initializer=_begin, initargs=(self._dataset, os.getpid()), env=ENVIRONMENT)


def _begin(dataset: Dataset, parent: int) -> None:
    global _dataset
    _dataset = dataset
    begin_process(parent)


def _with_dataset(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(_dataset, *arguments)
