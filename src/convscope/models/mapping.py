"""Mapping TensorFlow's library into memory while Python does something else.

Of the seconds that TensorFlow takes to come up, the dynamic linker has two or three tenths to itself: 800 MB of library, and a
million addresses in it to put right. It needs nothing of Python's, so a training lets it do so on the other core while it
reads its data, which brings up no library of its own; the import finds it there (``benchmarks/LOG.md``).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from .backend import DEFAULT

LIBRARIES = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
"""In the order in which the second needs the first. Elsewhere than on Linux they have other names, and nothing is mapped."""


@contextlib.contextmanager
def mapping_tensorflow() -> Iterator[None]:
    """Map it while the block runs, and wait for it at the end. Nothing happens where another back-end is asked for, where
    TensorFlow is there already, or where there is no such library."""
    paths = _libraries()
    if not paths:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # as the import will say; the library looks when it is mapped
    thread = threading.Thread(target=_map, args=(paths,), name="mapping TensorFlow")
    with _only_python_heard():
        thread.start()
        try:
            yield
        finally:
            thread.join()


@contextlib.contextmanager
def _only_python_heard() -> Iterator[None]:
    """The library writes to file descriptor 2 while it comes up; that goes nowhere, and what Python writes to ``sys.stderr``, bars
    and warnings, goes where it always does."""
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all, as under pythonw
        yield
        return
    own = sys.stderr
    with os.fdopen(saved, "w", 1, getattr(own, "encoding", None) or "utf-8", "backslashreplace") as terminal:
        with open(os.devnull, "wb") as nowhere:
            if own:
                own.flush()
            os.dup2(nowhere.fileno(), 2)
        try:
            with contextlib.redirect_stderr(terminal) if _writes_to_terminal(own) else contextlib.nullcontext():
                yield
        finally:
            terminal.flush()
            os.dup2(saved, 2)


def _writes_to_terminal(stream: TextIO) -> bool:
    """Whether it is file descriptor 2, and no stream of a notebook or a test."""
    try:
        return stream.fileno() == 2
    except (OSError, AttributeError):
        return False


def _libraries() -> list[Path]:
    if os.environ.get("KERAS_BACKEND", DEFAULT) != "tensorflow" or "tensorflow" in sys.modules:
        return []
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        return []
    return [path for path in (Path(found.origin).with_name(name) for name in LIBRARIES) if path.is_file()]


def _map(paths: list[Path]) -> None:
    # By a function of the C library: ctypes.CDLL would hold Python's lock all the while. What goes wrong here goes wrong again
    # in the import, which says so.
    with contextlib.suppress(AttributeError, OSError):
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
        for path in paths:
            dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
