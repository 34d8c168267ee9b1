"""One seed for everything, and the global generators left as they were found."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from ..stderr import captured_stderr


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python, NumPy and the back-end for the length of a training; afterwards Python's and NumPy's generators go on
    as if nothing had happened. TensorFlow's seed and its deterministic kernels stay set: it offers no way back."""
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        with captured_stderr():  # Keras seeds TensorFlow wherever that is installed, which prints
            keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # bfloat16 sums differ from run to run without it; no cost was measured.
            tf.config.experimental.enable_op_determinism()
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
