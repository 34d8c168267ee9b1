"""Import Keras and its back-end silently, and only when something is to be computed.

TensorFlow takes seconds to import and prints to the terminal from C++; a user who asked for help or a report should meet
neither. Every function that needs Keras calls :func:`require_backend` before it imports Keras.
"""

import contextlib
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from ..errors import MissingBackendError
from ..system.installation import pip_line
from ..system.stderr import captured_stderr

DEFAULT = "tensorflow"
NUM_PROCESSES, PROCESS_ID = "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID"
"""Environment variables of Keras; it reads ``KERAS_DISTRIBUTION_JOB_ADDRESSES`` too."""
KERAS_HOME = "KERAS_HOME"
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX"}
EXTRAS = {"tensorflow": "cpu", "jax": "jax"}


def require_backend() -> str:
    """Import Keras and its back-end, if necessary, and return the back-end's name.

    The back-end is TensorFlow unless ``KERAS_BACKEND`` says otherwise; MissingBackendError if it is not installed.
    """
    name = check_backend()
    if sys.modules.get(name) is not None and "keras" in sys.modules:
        return name
    # Only quietens the C++ side, and leaves a user's own setting alone.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with captured_stderr(), warnings.catch_warnings(), _own_keras_settings():
        warnings.simplefilter("ignore")  # warnings of other packages' imports, which a user cannot act on
        importlib.import_module(name)
        importlib.import_module("keras")
    if name == "jax" and os.environ.get(NUM_PROCESSES):
        _join_processes()
    return name


@contextlib.contextmanager
def _own_keras_settings() -> Iterator[None]:
    """Let Keras find settings of convscope's own when it is imported, in place of a user's ``keras.json``, which it would write."""
    before = os.environ.get(KERAS_HOME)
    os.environ[KERAS_HOME] = str(Path(__file__).parent / "keras_home")
    try:
        yield
    finally:
        del os.environ[KERAS_HOME]
        if before is not None:  # where Keras keeps its datasets
            os.environ[KERAS_HOME] = before


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Multiply in float32 while the block runs.

    On NVIDIA's GPUs back-ends keep 10 binary digits of each factor ("TF32") by default, and logits are then off by 1e-3.
    """
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


def process_index() -> int:
    """Return this process' index among those that train together, from 0; imports no back-end."""
    return int(os.environ.get(PROCESS_ID, "0")) if os.environ.get(NUM_PROCESSES) else 0


def _join_processes() -> None:
    """Connect to the other processes; JAX must not have computed yet, and cannot disconnect."""
    import jax
    from keras import distribution

    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
    distribution.initialize()  # reads Keras' variables


def has_backend() -> bool:
    """Return whether the back-end is installed, without importing it."""
    try:
        return bool(check_backend())
    except MissingBackendError:
        return False


def check_backend(need: str = "Keras needs a back-end", otherwise: str = "") -> str:
    """Return the name of the installed back-end without importing it, which takes seconds.

    A MissingBackendError begins with the ``need`` and ends with what to do ``otherwise``.
    """
    name = os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or DEFAULT
    if name not in EXTRAS:
        raise MissingBackendError(
            f"KERAS_BACKEND is {name!r}; convscope trains on {' or '.join(map(repr, EXTRAS))}. Unset the variable."
        )
    if sys.modules.get(name) is None and importlib.util.find_spec(name) is None:
        raise MissingBackendError(
            f"{need}, and {NAMES[name]} is not installed. Install it for the CPU with: {pip_line(EXTRAS[name])}{otherwise}"
        )
    return name


@contextlib.contextmanager
def quiet_tensorflow_log() -> Iterator[None]:
    """Silence TensorFlow's log below errors while the block runs.

    It warns of functions that are traced again, as every training does, and a user cannot act on that.
    """
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
