"""Processes on this machine, by joblib's pool (loky). Each trains on one thread; they write their run folders themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from types import TracebackType
from typing import Any

from ..data.dataset import Dataset
from .plan import Cell
from .workers import lost
from .working import THREADS, begin_process, train_cell

_dataset: Dataset | None = None
"""In a worker: what it trains on, brought once."""


class LocalWorkers:
    """``number`` processes with ``dataset`` in each: 55 MB for MNIST, and about 0.8 GB for a training of it."""

    died: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, number: int, dataset: Dataset) -> None:
        self.number, self._dataset = number, dataset
        dataset.fingerprint  # noqa: B018  (computed once, here, and sent along)
        self._pool = self._new_pool()

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, kill_workers=kind is not None)

    @property
    def slots(self) -> int:
        return self.number

    def start_run(self, cell: Cell, folder: Path) -> Future[Any]:
        return self.start(train_cell, cell, folder)

    def keep_run(self, result: Any, folder: Path) -> None:
        """It is there: they write it themselves."""

    def start(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = self._pool.submit(_with_dataset, function, arguments)
        return future

    def renew(self, under_way: Collection[Future[Any]]) -> set[Future[Any]]:
        """With one of its processes the whole pool is lost, and all that is not done."""
        gone = {each for each in under_way if not each.done()} | lost(under_way, self.died)
        self.give_up(under_way)
        self._pool = self._new_pool()
        return gone

    def give_up(self, under_way: Collection[Future[Any]]) -> None:
        self._pool.shutdown(wait=True, kill_workers=True)

    def _new_pool(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        return ProcessPoolExecutor(self.number, initializer=_begin, initargs=(self._dataset, os.getpid()), env=THREADS)


def _begin(dataset: Dataset, parent: int) -> None:
    global _dataset
    _dataset = dataset
    begin_process(parent)


def _with_dataset(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(_dataset, *arguments)
