from __future__ import annotations

import random

import numpy as np
import pytest
from tensorflow.python.framework import config

from convscope.training.keras_ext.devices import seeded


@pytest.mark.parametrize("was_on", [False, True])
def test_a_training_is_deterministic_and_leaves_the_process_as_it_was(was_on: bool) -> None:
    (config.enable_op_determinism if was_on else config.disable_op_determinism)()
    try:
        random.seed(7)
        np.random.seed(7)
        expected = random.random(), np.random.rand()
        random.seed(7)
        np.random.seed(7)
        with pytest.raises(ZeroDivisionError), seeded(3):
            assert config.is_op_determinism_enabled()
            random.random(), np.random.rand(), 1 // 0
        assert (random.random(), np.random.rand()) == expected
        assert config.is_op_determinism_enabled() == was_on
    finally:
        config.disable_op_determinism()
