"""Bringing up what Keras computes with: silently, and only when something is to be computed.

Importing TensorFlow takes seconds and prints to the terminal from C++; neither may reach a user who asked for help or
for a report. Every function that needs Keras calls :func:`require_backend` before it imports it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from ..errors import MissingBackendError


def require_backend() -> str:
    """Import Keras' back-end if that has not happened, and return its name.

    TensorFlow, unless ``KERAS_BACKEND`` says otherwise. Raises :class:`MissingBackendError` where it is not installed.
    """
    name = check_backend()
    if sys.modules.get(name) is not None and "keras" in sys.modules:
        return name
    # The deterministic kernels are asked for in the loop; this only quietens the C++ side, and leaves a user's own
    # setting alone.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with standard_error_held(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the imports of others: nothing the user could mend
        importlib.import_module(name)
        importlib.import_module("keras")
    return name


def check_backend() -> str:
    """The name of the back-end, without the seconds of importing it. Raises :class:`MissingBackendError`."""
    name = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if name != "tensorflow":
        raise MissingBackendError(f"KERAS_BACKEND is {name!r}; convscope trains on 'tensorflow'. Unset the variable.")
    if sys.modules.get(name) is None and importlib.util.find_spec(name) is None:
        raise MissingBackendError(
            "training needs a back-end for Keras, and TensorFlow is not installed; "
            "install it for the CPU with: pip install 'convscope[cpu]'"
        )
    return name


@contextlib.contextmanager
def standard_error_held() -> Iterator[None]:
    """Keep file descriptor 2 from the terminal, where C++ writes to it; show what was written if an error comes out."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def computes_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively (AVX-512 BF16 or AMX). Elsewhere bfloat16 is emulated, and slower
    than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", errors="replace")
    except OSError:
        return False
    words = set(flags.split("flags", 1)[-1].split("\n", 1)[0].split())
    return bool(words & {"avx512_bf16", "amx_bf16"})
