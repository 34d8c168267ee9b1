from __future__ import annotations

import numpy as np

from convscope.data.dataset import Dataset
from convscope.data.preprocessing import to_inputs


def test_inputs_are_the_notebooks_division_by_255(mnist: Dataset) -> None:
    inputs = to_inputs(mnist.test.images[:100])
    assert inputs.dtype == np.float32
    assert np.array_equal(inputs, (mnist.test.images[:100] / 255.0).astype(np.float32))
    assert (inputs.min(), inputs.max()) == (0.0, 1.0)
