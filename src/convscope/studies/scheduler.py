"""Run tasks on workers, and repeat those whose worker died."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from ..errors import RunError
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
    """Run all ``tasks`` and their follow-ups in parallel; repeat those whose worker died, and ``remark`` on it.

    RunError after more than :data:`MAX_DEATHS` deaths in a row; what a task raises is raised.
    """
    queue, running, deaths = deque(tasks), dict[Future[Any], Task](), 0
    while queue or running:
        try:
            while queue and len(running) < workers.slots:
                running[queue[0].start(workers)] = queue[0]
                queue.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                queue.extendleft(reversed(list(running[future].done(workers, future.result()))))
                del running[future]
                deaths = 0
        except workers.dead_errors as error:
            deaths += 1
            if deaths > MAX_DEATHS:
                workers.cancel(running)
                raise _given_up([*running.values(), *queue]) from error
            remark(_death_note(deaths, len(running) + len(queue)))
            gone = workers.restart(running)
            queue.extendleft(reversed([task for future, task in running.items() if future in gone]))
            running = {future: task for future, task in running.items() if future not in gone}
        except BaseException:
            workers.cancel(running)
            raise


def _death_note(deaths: int, number: int) -> str:
    left = "the remaining run continues" if number == 1 else f"the {number:,} remaining runs continue"
    return f"a worker died, perhaps out of memory; {left} (attempt {deaths} of {MAX_DEATHS})."


def _given_up(left: Sequence[Task]) -> RunError:
    return RunError(
        f"workers died {MAX_DEATHS + 1} times in a row, before {shorten_list([task.name for task in left], 3)} finished. "
        "Free some memory or use fewer --workers N, then run the same command again to continue."
    )
