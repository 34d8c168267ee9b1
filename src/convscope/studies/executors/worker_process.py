"""Worker processes: one thread each, and an end when the parent process dies."""

import os
import signal
import threading
import time

from ...system.isolation import OFFLINE, SAFE_PATH, THREAD_NUMBERS
from ..plan import THREADS_PER_RUN

ENVIRONMENT = dict.fromkeys(THREAD_NUMBERS, str(THREADS_PER_RUN)) | SAFE_PATH | OFFLINE
"""Environment variables of workers; TensorFlow and NumPy read the numbers on import, and compete for every core without them."""


def begin_process(parent: int) -> None:
    """Prepare a worker process before it imports TensorFlow; it ends with the process ``parent``."""
    # Ctrl-C reaches every process of the terminal; here it would end a training early and keep it as if it were complete.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name != "nt":  # on Windows, a process keeps the number of its parent forever
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A killed parent cannot stop its workers, which would keep folders locked that the next study needs.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
