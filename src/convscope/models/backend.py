"""Bringing up what Keras computes with: silently, and only when something is to be computed.

Importing TensorFlow takes seconds and prints to the terminal from C++; neither may reach a user who asked for help or
for a report. Every function that needs Keras calls :func:`require_backend` before it imports it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

from ..errors import MissingBackendError
from ..processor import multiplies_bfloat16

DEFAULT = "tensorflow"
EXTRAS = ("IPython", "jax", "matplotlib", "pandas", "sklearn")
"""What Keras and TensorFlow import where it is installed, for features of their own: of JAX, only what converts its functions."""
NUM_PROCESSES, PROCESS_ID = "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID"
"""Keras' own variables, beside ``KERAS_DISTRIBUTION_JOB_ADDRESSES``."""
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX"}
INSTALL = {"tensorflow": "pip install 'convscope[cpu]'", "jax": "pip install 'convscope[jax]'"}


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
    with standard_error_held(), warnings.catch_warnings(), _extras_left_out(name), _collector_paused():
        warnings.simplefilter("ignore")  # the imports of others: nothing the user could mend
        importlib.import_module(name)
        importlib.import_module("keras")
    if name == "jax" and os.environ.get(NUM_PROCESSES):
        _join_processes()
    return name


def leave_out_extras() -> None:
    """Keep Keras from importing what convscope never asks it for: a third of the seconds that it takes to come up.

    For a program of our own, such as the command line. Keras' wrappers for scikit-learn, its pictures and its tables
    from pandas do not work in this process afterwards, so nobody's notebook may find itself without them.
    """
    global _leaving_out
    _leaving_out = True


_leaving_out = False


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Products in float32 while the block lasts. On NVIDIA's GPUs back-ends multiply with 10 binary digits of each factor
    ("TF32") unless they are told otherwise, and logits are then off by 1e-3."""
    if require_backend() == "jax":
        import jax

        with jax.default_matmul_precision("float32"):
            yield
        return
    experimental = importlib.import_module("tensorflow").config.experimental
    before = experimental.tensor_float_32_execution_enabled()
    experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        experimental.enable_tensor_float_32_execution(before)


@contextlib.contextmanager
def _extras_left_out(backend: str) -> Iterator[None]:
    """Keras asks for each and does without where the import fails, which an entry of ``None`` makes it do."""
    absent = [name for name in EXTRAS if _leaving_out and name != backend and name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's collector goes through everything again and again while three thousand modules come up, and finds nothing
    to free: a fifth of what TensorFlow's import takes. In a program of our own it never goes through them again either.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if _leaving_out:
            gc.freeze()
        if was_on:
            gc.enable()


def process_index() -> int:
    """This process' place, from 0, among those that train together; known before anything is imported."""
    return int(os.environ.get(PROCESS_ID, "0")) if os.environ.get(NUM_PROCESSES) else 0


def _join_processes() -> None:
    """Meet the other processes, before JAX has done anything. They stay together until they end: JAX knows no way back."""
    import jax
    from keras import distribution

    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
    distribution.initialize()  # reads Keras' variables


def check_backend() -> str:
    """The name of the back-end, without the seconds of importing it. Raises :class:`MissingBackendError`."""
    name = os.environ.setdefault("KERAS_BACKEND", DEFAULT)
    if name not in INSTALL:
        raise MissingBackendError(
            f"KERAS_BACKEND is {name!r}; convscope trains on {' or '.join(map(repr, INSTALL))}. Unset the variable."
        )
    if sys.modules.get(name) is None and importlib.util.find_spec(name) is None:
        raise MissingBackendError(
            f"training needs a back-end for Keras, and {NAMES[name]} is not installed; "
            f"install it for the CPU with: {INSTALL[name]}"
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


@contextlib.contextmanager
def remarks_held() -> Iterator[None]:
    """TensorFlow warns of functions that are traced anew, as those of every training are: nothing that a user could mend."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def computes_bfloat16() -> bool:
    """Whether bfloat16 is the faster one: the processor multiplies it, and the back-end uses that.

    XLA on the CPU, through which JAX computes, emulates it.
    """
    return os.environ.get("KERAS_BACKEND", DEFAULT) == "tensorflow" and multiplies_bfloat16()
