"""Tasks and workers brought together: every task is done once, whatever dies on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from ..errors import RunError
from .workers import Workers

MOST_DEATHS = 3
"""In a row, with nothing finished in between."""


@dataclass(frozen=True, eq=False)
class Task:
    """One thing to be done by a worker."""

    name: str
    start: Callable[[Workers], Future[Any]]
    done: Callable[[Workers, Any], Iterable[Task]]
    """Called here with its result; returns the tasks that follow from it, which go before the others."""


def run_tasks(tasks: Iterable[Task], workers: Workers, remark: Callable[[str], None]) -> None:
    """Do all ``tasks`` and those that follow from them, side by side. What ended with a worker that died is begun again, and
    nothing that goes on elsewhere; ``remark`` is told.

    Raises :class:`RunError` where workers die :data:`MOST_DEATHS` times without anything done in between, and whatever a task
    raises.
    """
    queue, under_way, deaths = deque(tasks), dict[Future[Any], Task](), 0
    while queue or under_way:
        try:
            while queue and len(under_way) < workers.slots:
                under_way[queue[0].start(workers)] = queue[0]
                queue.popleft()
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                queue.extendleft(reversed(list(under_way[future].done(workers, future.result()))))
                del under_way[future]
                deaths = 0
        except workers.died as error:
            deaths += 1
            if deaths > MOST_DEATHS:
                workers.give_up(under_way)
                raise _given_up([*under_way.values(), *queue]) from error
            remark(_death_note(deaths, len(under_way) + len(queue)))
            gone = workers.renew(under_way)
            queue.extendleft(reversed([task for future, task in under_way.items() if future in gone]))
            under_way = {future: task for future, task in under_way.items() if future not in gone}
        except BaseException:
            workers.give_up(under_way)
            raise


def _death_note(deaths: int, number: int) -> str:
    left = "the one run that is left goes on" if number == 1 else f"the {number:,} runs that are left go on"
    return f"a worker died, perhaps for want of memory; {left} (attempt {deaths} of {MOST_DEATHS})."


def _given_up(left: Iterable[Task]) -> RunError:
    tasks = list(left)
    return RunError(
        f"workers died {MOST_DEATHS + 1} times in a row with nothing done in between; they were expected to live. Left: "
        f"{', '.join(task.name for task in tasks[:3])}{' …' if len(tasks) > 3 else ''}. Free some memory, or ask for fewer with "
        "--workers N; the same command goes on where this one stopped."
    )
