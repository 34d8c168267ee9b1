"""A process of its own for what a Dask worker is asked to train.

Keras draws the first weights from Python's one generator of random numbers. A Dask worker's other threads draw from it too, now
and then, so that in its own process equal seeds would not always give equal weights. Nor could the number of TensorFlow's
threads be set there any more. Work goes in through a pipe and its result comes out through another; the process stays for the
next, because bringing up TensorFlow takes seconds.
"""

from __future__ import annotations

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

from .working import THREADS, begin_process

_one_at_a_time = threading.Lock()
"""A Dask worker may have several threads, but has one such process."""
_process: subprocess.Popen[bytes] | None = None


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)``, done by this process' own process; it is started where there is none.

    Raises what the function raises, and :class:`BrokenExecutor` where the process died.
    """
    import cloudpickle

    global _process
    with _one_at_a_time:
        if _process is None:
            _process = _start()
        assert _process.stdin is not None
        assert _process.stdout is not None
        try:
            _process.stdin.write(cloudpickle.dumps((function, arguments)))
            _process.stdin.flush()
            succeeded, result = pickle.load(_process.stdout)  # noqa: S301  (what our own process wrote)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            end_own_process()
            raise BrokenExecutor("the process that trained for a Dask worker died") from error
    if not succeeded:
        raise result
    return result


def end_own_process() -> None:
    """Let go of the process, if there is one. The next piece of work gets another."""
    global _process
    if _process is None:
        return
    _process.kill()
    with contextlib.suppress(BrokenPipeError):
        _process.communicate()  # waits, and closes the pipes
    _process = None


def _start() -> subprocess.Popen[bytes]:
    atexit.register(end_own_process)
    code = f"from {__name__} import serve; serve({os.getpid()})"
    return subprocess.Popen(  # noqa: S603  (this Python, with a line of ours)
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **THREADS}
    )


def serve(parent: int) -> None:
    """Do what comes in until nothing comes any more, or ``parent`` is gone."""
    import cloudpickle

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a network of the user's own prints is no answer
    begin_process(parent)
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  (from the process that started this one)
        except EOFError:
            return
        try:
            answer = (True, function(*arguments))
        except Exception as error:  # noqa: BLE001  (raised again on the other side)
            answer = (False, error)
        answers.write(cloudpickle.dumps(answer))
        answers.flush()
