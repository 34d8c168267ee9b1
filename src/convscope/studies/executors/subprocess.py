"""A separate process in which a Dask worker trains.

Keras draws initial weights from Python's global random generator, which other threads of a Dask worker use too, so that in
the worker itself equal seeds would not always give equal weights; nor could the number of TensorFlow's threads still be set.
Work and results go through pipes. The process is kept, because importing TensorFlow takes seconds.
"""

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Any

from .base import ENVIRONMENT, begin_process

_one_at_a_time = threading.Lock()
"""A Dask worker may have several threads, but only one such process."""
_process: subprocess.Popen[bytes] | None = None


def in_own_process(function: Callable[..., Any], *arguments: Any, time_limit: float | None = None) -> Any:
    """Return ``function(*arguments)`` from the separate process; raise BrokenExecutor if that dies or takes too long."""
    import cloudpickle

    global _process
    with _one_at_a_time:
        if _process is None:
            _process = _start()
        assert _process.stdin is not None
        assert _process.stdout is not None
        watch = threading.Timer(time_limit or threading.TIMEOUT_MAX, _process.kill)
        watch.daemon = True
        watch.start()
        try:
            _process.stdin.write(cloudpickle.dumps((function, arguments)))
            _process.stdin.flush()
            succeeded, result = pickle.load(_process.stdout)  # noqa: S301  (written by our own process)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            end_own_process()
            raise BrokenExecutor("the training process of a Dask worker died") from error
        finally:
            watch.cancel()
    if not succeeded:
        raise result
    return result


def end_own_process() -> None:
    """End the process, if there is one; the next call starts another."""
    global _process
    if _process is None:
        return
    _process.kill()
    with contextlib.suppress(BrokenPipeError):
        _process.communicate()  # waits and closes the pipes
    _process = None


def _start() -> subprocess.Popen[bytes]:
    atexit.register(end_own_process)
    code = f"from {__name__} import serve; serve({os.getpid()})"
    return subprocess.Popen(  # noqa: S603  (this Python, with a line of ours)
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **ENVIRONMENT}
    )


def serve(parent: int) -> None:
    """Run incoming work until the pipe closes or the process ``parent`` dies."""
    import cloudpickle

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of a custom network must not mix with the results
    begin_process(parent)
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  (from the process that started this one)
        except EOFError:
            return
        try:
            answer = (True, function(*arguments))
        except Exception as error:  # noqa: BLE001  (raised again by the caller)
            answer = (False, error)
        answers.write(cloudpickle.dumps(answer))
        answers.flush()
