"""Standard error that never blocks: a thread writes the lines, and where nobody reads them, it drops them."""

import contextlib
import functools
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator

from ..formatting import printable

MOST_LINES = 100
"""Lines that wait to be written."""


class LogHandler(logging.Handler):
    """Writes log records in this way."""

    def emit(self, record: logging.LogRecord) -> None:
        write_later(self.format(record))


def write_later(text: str) -> None:
    """Write a line to standard error at some time, or never; control characters are escaped."""
    with contextlib.suppress(queue.Full):
        _lines().put_nowait(printable(text, "\n").encode("utf-8", "backslashreplace") + b"\n")


def wait_until_written(seconds: float) -> None:
    """Return when everything is written, or after ``seconds``."""
    until = time.monotonic() + seconds
    while _lines().unfinished_tasks and time.monotonic() < until:
        time.sleep(0.005)


@contextlib.contextmanager
def logging_without_blocking() -> Iterator[None]:
    """Write log records in this way while the block runs, unless the caller has set up logging."""
    before, logging.lastResort = logging.lastResort, LogHandler(logging.WARNING)
    try:
        yield
    finally:
        logging.lastResort = before


@functools.cache
def _lines() -> queue.Queue[bytes]:
    lines: queue.Queue[bytes] = queue.Queue(MOST_LINES)

    def write() -> None:
        while True:
            line = lines.get()
            with contextlib.suppress(OSError):
                os.write(2, line)  # not through sys.stderr, whose lock would be held at the end of the process
            lines.task_done()

    threading.Thread(target=write, daemon=True, name="convscope log").start()
    return lines
