"""Put aside what the current folder and the environment would change, in processes of convscope's own.

The same command gives the same result everywhere. A program that imports convscope keeps its settings; figures and networks
are made with convscope's own there, too (:mod:`convscope.figures.canvas`, :mod:`convscope.models.backend`).
"""

import contextlib
import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterator

from ..errors import ConvscopeError
from .cache_folder import cache_folder

OFFLINE = {"ORT_DISABLE_TELEMETRY": "1"}
"""ONNX Runtime reports sessions to its maker unless this is set before it is imported."""
SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""Without it, Python runs a ``types.py`` in the current folder in each process that is started there."""
IGNORED = (
    "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED", "MATPLOTLIBRC", "PYTHONWARNINGS",
)  # fmt: skip
"""Variables that change what is computed or drawn, or that end a process at a warning of another package."""
THREAD_NUMBERS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def isolate_process() -> None:
    """Set up this process, before other packages are imported; those that it starts inherit it."""
    for name in IGNORED:
        os.environ.pop(name, None)
    for name in THREAD_NUMBERS:
        if not os.environ.get(name, "1").isdecimal() or os.environ.get(name) == "0":
            del os.environ[name]  # libraries stop at it, or take it for a number
    os.environ.update(OFFLINE | SAFE_PATH, MPLBACKEND="agg")
    if sys.warnoptions:  # those of PYTHONWARNINGS; a user of a command cannot act on other packages' warnings
        sys.warnoptions.clear()
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells where it keeps its fonts
    with contextlib.suppress(ConvscopeError):
        os.environ["MPLCONFIGDIR"] = str(cache_folder() / "matplotlib")


@contextlib.contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause the collector, and leave it as it was."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
