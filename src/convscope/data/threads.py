"""Work on many image files in threads; Pillow and NumPy release the GIL."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .read_options import ReadListener, ReadProgress

AT_A_TIME = 16
"""Image files per task: enough to make its overhead small, few enough for a smooth progress bar."""
MAX_THREADS = 16
Item = TypeVar("Item")
Result = TypeVar("Result")


def each_in_threads(
    step: str, work: Callable[[Item], Result], items: Sequence[Item], progress: ReadListener | None
) -> list[Result]:
    """Return ``[work(item) for item in items]``; ``progress`` is called in the calling thread."""
    results: list[Result] = []
    tasks = [items[start : start + AT_A_TIME] for start in range(0, len(items), AT_A_TIME)]
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS))
    try:
        for found in pool.map(lambda task: [work(item) for item in task], tasks):
            results += found
            if progress:
                progress(ReadProgress(step, len(results), len(items)))
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, do not finish the rest
    return results


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Limit BLAS to one thread per call while many threads resize images."""
    # Nested BLAS threads waited for one another: the same images took ten times as long on two busy cores.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
