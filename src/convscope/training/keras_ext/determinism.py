"""Deterministic trainings: one seed for all random generators, restored afterwards."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from ...system.stderr import captured_stderr


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all generators for the block, then restore those of Python and NumPy and the kernels of TensorFlow.

    TensorFlow and Keras keep the seed: it says nothing of how far their generators had come before.
    """
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    with contextlib.ExitStack() as after:
        after.callback(np.random.set_state, numpy_state)
        after.callback(random.setstate, python_state)
        with captured_stderr():  # Keras seeds TensorFlow wherever that is installed, which prints
            keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            # There is no public name for the way back, without which the user's own models would be slower from then on.
            from tensorflow.python.framework import config

            if not config.is_op_determinism_enabled():
                # Without it, bfloat16 sums differ from run to run. It costs no measurable time.
                config.enable_op_determinism()
                after.callback(config.disable_op_determinism)
        yield
