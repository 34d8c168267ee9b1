"""The same work for many pictures, by threads: Pillow and NumPy let go of the interpreter while they work."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .reading import Reading, ReadListener

AT_A_TIME = 16
"""Pictures per task of a thread: enough to make its cost small, few enough for a bar that moves."""
MOST_THREADS = 16
Item = TypeVar("Item")
Result = TypeVar("Result")


def each_in_threads(
    step: str, work: Callable[[Item], Result], items: Sequence[Item], progress: ReadListener | None
) -> list[Result]:
    """``[work(item) for item in items]``, by threads; ``progress`` is called in this one."""
    results: list[Result] = []
    tasks = [items[start : start + AT_A_TIME] for start in range(0, len(items), AT_A_TIME)]
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS))
    try:
        for found in pool.map(lambda task: [work(item) for item in task], tasks):
            results += found
            if progress:
                progress(Reading(step, len(results), len(items)))
    finally:
        pool.shutdown(cancel_futures=True)  # where Ctrl-C ended it, what is left need not be done
    return results


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """While many threads resize, the multiplications of each stay in it: else they wait for one another's helpers, which
    made the same pictures take ten times as long on two busy cores."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
