from __future__ import annotations

import numpy as np
import pytest

from convscope.models.architectures import ann, cnn, logistic, strong
from convscope.models.backend import require_backend
from convscope.training.unused_pixels import used_input_size

require_backend()


@pytest.mark.parametrize(
    ("build", "shape", "side"),
    [
        (cnn, (28, 28, 1), (26, 26)),
        (cnn, (26, 30, 3), (26, 30)),
        (cnn, (27, 29, 1), (26, 26)),
        (cnn, (8, 8, 1), (8, 8)),
        (ann, (28, 28, 1), (28, 28)),
        (logistic, (28, 28, 1), (28, 28)),
        (strong, (28, 28, 1), (28, 28)),
    ],
)
def test_only_lines_that_nothing_sees_are_left_out(build, shape, side) -> None:  # type: ignore[no-untyped-def]
    assert used_input_size(build, build(shape, 3)) == side


def test_the_network_on_what_is_left_computes_the_same() -> None:
    whole, part = cnn((28, 28, 1), 10), cnn((26, 26, 1), 10)
    part.set_weights(whole.get_weights())
    inputs = np.random.default_rng(0).random((32, 28, 28, 1), np.float32)
    assert np.abs(whole.predict(inputs, verbose=0) - part.predict(inputs[:, :26, :26], verbose=0)).max() < 1e-6


def test_a_users_own_function_is_not_called_with_shapes_that_the_user_never_gave() -> None:
    asked = []

    def own(image_shape, num_classes):  # type: ignore[no-untyped-def]
        asked.append(image_shape)
        return cnn(image_shape, num_classes)

    assert used_input_size(own, own((28, 28, 1), 10)) == (28, 28)
    assert asked == [(28, 28, 1)]
