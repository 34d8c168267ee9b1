from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.models.backend import require_backend
from convscope.training.optimizers import make_optimizer
from convscope.training.recipes import best, notebook, sprint

require_backend()

import keras  # noqa: E402 - silently, after the back-end
import tensorflow as tf  # noqa: E402

from convscope.training.keras_ext.fused_adam import FusedAdam  # noqa: E402

SETTINGS = {"learning_rate": 0.02, "beta_1": 0.85, "beta_2": 0.95}


def after_steps(optimizer: keras.optimizers.Optimizer, steps: int) -> list[np.ndarray]:
    """Weights and the optimiser's own variables after some steps along gradients that change their sizes and signs."""
    generator = np.random.default_rng(0)
    variables = [keras.Variable(generator.normal(size=shape).astype(np.float32)) for shape in ((40, 7), (7,))]
    optimizer.build(variables)

    @tf.function
    def step(*gradients: tf.Tensor) -> None:
        optimizer.apply(list(gradients), variables)

    for _ in range(steps):
        step(
            *(
                tf.constant(generator.normal(size=each.shape) * 10 ** generator.uniform(-3, 1), tf.float32)
                for each in variables
            )
        )
    return [np.asarray(each) for each in (*variables, *optimizer.variables)]


@pytest.mark.parametrize("steps", [1, 2, 60])
@pytest.mark.parametrize("weight_decay", [None, 0.1])
def test_weights_and_moments_are_those_of_keras_adam_and_adamw(steps: int, weight_decay: float | None) -> None:
    if weight_decay is None:
        own = after_steps(keras.optimizers.Adam(**SETTINGS), steps)
    else:
        own = after_steps(keras.optimizers.AdamW(**SETTINGS, weight_decay=weight_decay), steps)
    for one, two in zip(after_steps(FusedAdam(**SETTINGS, weight_decay=weight_decay), steps), own, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)


def test_a_recipe_has_it_where_one_device_of_tensorflows_trains_and_the_original_has_keras_own() -> None:
    assert type(make_optimizer(sprint(), 100)) is FusedAdam
    assert make_optimizer(sprint(), 100).weight_decay is None
    assert make_optimizer(best(), 100).weight_decay == best().weight_decay
    assert type(make_optimizer(notebook(), 100)) is keras.optimizers.Adam
    assert type(make_optimizer(sprint(), 100, devices=2)) is keras.optimizers.Adam
    assert type(make_optimizer(replace(best(), precision="float32"), 100)) is keras.optimizers.AdamW
