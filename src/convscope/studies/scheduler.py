"""Run tasks on workers, and repeat those whose worker died or hung."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from ..errors import RunError, option
from ..formatting import shorten_list
from .executors.base import Executor

MAX_DEATHS = 3
"""Deaths of workers in a row, without a finished task between them."""


@dataclass(frozen=True, eq=False)
class Task:
    """One piece of work for a worker."""

    name: str
    start: Callable[[Executor], Future[Any]]
    done: Callable[[Executor, Any], Iterable[Task]]
    """Called in this process with the result; returns follow-up tasks, which run before the others."""


def run_tasks(tasks: Iterable[Task], workers: Executor, remark: Callable[[str], None]) -> None:
    """Run all ``tasks`` and their follow-ups in parallel; repeat those whose worker died or hung, and ``remark`` on it.

    RunError after more than :data:`MAX_DEATHS` deaths in a row, hung workers among them; what a task raises is raised.
    """
    queue, running, deaths = deque(tasks), dict[Future[Any], Task](), 0
    begun: dict[Future[Any], float] = {}
    failures: tuple[type[BaseException], ...] = (*workers.dead_errors, _HungError)
    while queue or running:
        try:
            while queue and len(running) < workers.slots:
                future = queue[0].start(workers)
                running[future], begun[future] = queue.popleft(), time.monotonic()
            for future in _finished({each: begun[each] for each in running}, workers.time_limit):
                queue.extendleft(reversed(list(running[future].done(workers, future.result()))))
                del running[future]
                deaths = 0
        except failures as error:
            deaths += 1
            if deaths > MAX_DEATHS:
                workers.cancel(running)
                raise _given_up([*running.values(), *queue], workers.time_limit) from error
            hung = [error.future] if isinstance(error, _HungError) else []
            happened = f"took longer than {option('time_limit')}" if hung else "died, perhaps out of memory"
            remark(_death_note(happened, deaths, len(running) + len(queue)))
            gone = workers.restart(running)
            queue.extendleft(reversed([task for future, task in running.items() if future in gone and future not in hung]))
            queue.extend(running[future] for future in hung)  # the others first
            running = {future: task for future, task in running.items() if future not in gone}
        except BaseException:
            workers.cancel(running)
            raise


class _HungError(Exception):
    """The task of ``future`` takes longer than it may."""

    def __init__(self, future: Future[Any]) -> None:
        super().__init__()
        self.future = future


def _finished(begun: Mapping[Future[Any], float], time_limit: float | None) -> set[Future[Any]]:
    """Wait for the first of the futures that were ``begun`` at these times, or raise :class:`_HungError`."""
    oldest = min(begun, key=lambda future: begun[future])
    seconds = None if time_limit is None else max(0.0, begun[oldest] + time_limit - time.monotonic())
    finished = wait(begun, timeout=seconds, return_when=FIRST_COMPLETED).done
    if not finished:
        raise _HungError(oldest)
    return finished


def _death_note(happened: str, deaths: int, number: int) -> str:
    left = "the remaining run continues" if number == 1 else f"the {number:,} remaining runs continue"
    return f"a worker {happened}; {left} (attempt {deaths} of {MAX_DEATHS})."


def _given_up(left: Sequence[Task], time_limit: float | None) -> RunError:
    died, longer = (
        ("died", "") if time_limit is None else ("died or hung", f", raise {option('time_limit')} above {time_limit:g}")
    )
    names = shorten_list([task.name for task in left], 3)
    return RunError(
        f"workers {died} {MAX_DEATHS + 1} times in a row, before {names} finished. "
        f"Free some memory{longer} or use fewer {option('workers', 'N')}, then run the same command again to continue."
    )
