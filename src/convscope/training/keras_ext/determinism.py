"""Deterministic trainings: one seed for all random generators, restored afterwards."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from ...system.stderr import captured_stderr


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all generators for the block, then restore those of Python and NumPy.

    TensorFlow keeps the seed and its deterministic kernels: it has no way to reset them.
    """
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        with captured_stderr():  # Keras seeds TensorFlow wherever that is installed, which prints
            keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # Without it, bfloat16 sums differ from run to run. It costs no measurable time.
            tf.config.experimental.enable_op_determinism()
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
