"""Redirect file descriptor 2, to which C and C++ libraries write directly."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO


@contextlib.contextmanager
def captured_stderr() -> Iterator[None]:
    """Hold back everything written to standard error; print it only if the block raises."""
    with tempfile.TemporaryFile() as captured, _redirected(captured) as original:
        try:
            yield
        except BaseException:
            if original is not None:
                captured.seek(0)
                os.write(original, captured.read())
            raise


@contextlib.contextmanager
def discarded_stderr() -> Iterator[None]:
    """Discard everything written to standard error."""
    with open(os.devnull, "wb") as null, _redirected(null):
        yield


@contextlib.contextmanager
def _redirected(target: IO[bytes]) -> Iterator[int | None]:
    """Point file descriptor 2 at ``target``; yield a duplicate of the original, if any."""
    try:
        original = os.dup(2)
    except OSError:  # pythonw has no standard error
        yield None
        return
    if sys.stderr:
        sys.stderr.flush()
    try:
        os.dup2(target.fileno(), 2)
        yield original
    finally:
        os.dup2(original, 2)
        os.close(original)
