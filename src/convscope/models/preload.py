"""Map TensorFlow's library into memory while Python does something else.

The dynamic linker takes 0.2 to 0.3 s of TensorFlow's import. It needs nothing of Python's, so it runs on another core while
a training reads its data; the import then finds the library in place (``benchmarks/LOG.md``).
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

from ..system.stderr import stderr_for_python_only
from .backend import DEFAULT

LIBRARIES = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
"""File names on Linux, the first needed by the second. On other systems nothing is mapped."""


@contextlib.contextmanager
def preload_tensorflow() -> Iterator[None]:
    """Map TensorFlow's library while the block runs, and wait for it at the end.

    Does nothing if another back-end is selected, TensorFlow is imported already, or the library has another name.
    """
    paths = _libraries()
    if not paths:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # as the import sets it; the library reads it when it is mapped
    thread = threading.Thread(target=_map, args=(paths,), name="mapping TensorFlow")
    # The library prints while it initializes.
    with stderr_for_python_only():
        thread.start()
        try:
            yield
        finally:
            thread.join()


def _libraries() -> list[Path]:
    if os.environ.get("KERAS_BACKEND", DEFAULT) != "tensorflow" or "tensorflow" in sys.modules:
        return []
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.origin is None:
        return []
    return [path for path in (Path(found.origin).with_name(name) for name in LIBRARIES) if path.is_file()]


def _map(paths: list[Path]) -> None:
    # dlopen through a foreign function releases Python's lock; ctypes.CDLL(path) would hold it all the while. A failure
    # here happens again in the import, which reports it.
    with contextlib.suppress(AttributeError, OSError):
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
        for path in paths:
            dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
