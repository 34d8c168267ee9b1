"""Mapping TensorFlow's library into memory while Python does something else.

Of the seconds that TensorFlow takes to come up, the dynamic linker has two or three tenths to itself: 800 MB of library, and a
million addresses in it to put right. It needs nothing of Python's, so a command that is going to train lets it do so on the
other core, and brings up its own modules in the meantime; the import finds the library there (``benchmarks/LOG.md``).
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

from .backend import DEFAULT, standard_error_held

LIBRARIES = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
"""In the order in which the second needs the first. Elsewhere than on Linux they have other names, and nothing is mapped."""


@contextlib.contextmanager
def mapping_tensorflow() -> Iterator[None]:
    """Map it while the block runs, and wait for it at the end. The block must not write to standard error, where the library
    writes while it comes up. Nothing happens where another back-end is asked for, or where there is no such library."""
    paths = _libraries()
    if not paths:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # as the import will say; the library looks when it is mapped
    thread = threading.Thread(target=_map, args=(paths,), name="mapping TensorFlow")
    with standard_error_held():
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
    # By a function of the C library: ctypes.CDLL would hold Python's lock all the while. What goes wrong here goes wrong again
    # in the import, which says so.
    with contextlib.suppress(AttributeError, OSError):
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
        for path in paths:
            dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
