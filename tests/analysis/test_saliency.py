"""Saliency against TensorFlow's tape, against a linear network, and as a sum."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.analysis import saliency
from convscope.analysis.saliency import measure_saliency
from convscope.api import Run
from convscope.models.saving import with_logits
from convscope.training.gradients import InputGradient

CLASSES = (8, 1)


def of_tensorflow(run: Run, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(classes, n, h, w, c) gradients of the logits, and the logits (n, k)."""
    import tensorflow as tf

    given, model = tf.constant(inputs), with_logits(run.model)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        logits = model(given, training=False)["logits"]
        chosen = [logits[:, each] for each in CLASSES]
    return np.stack([tape.gradient(each, given).numpy() for each in chosen]), logits.numpy()


def test_both_ways_are_those_of_tensorflows_tape(digits_run: Run) -> None:
    image = digits_run.dataset.test.images[3]
    inputs = image.astype(np.float32) / 255
    found = measure_saliency(InputGradient(digits_run.model), image, CLASSES)
    slopes, logits = of_tensorflow(digits_run, inputs[None])
    assert found.gradient_times_input == pytest.approx(slopes[:, 0] * inputs, abs=1e-5)
    assert found.logits == pytest.approx(logits[0, CLASSES], abs=1e-5)
    shares = (np.arange(saliency.STEPS) + 0.5) / saliency.STEPS
    slopes, _ = of_tensorflow(digits_run, (shares[:, None, None, None] * inputs).astype(np.float32))
    assert found.integrated == pytest.approx(slopes.mean(axis=1) * inputs, abs=1e-5)


def test_integrated_gradients_add_up_to_the_difference_of_the_logits_the_better_the_more_steps(digits_run: Run) -> None:
    gradient, images = InputGradient(digits_run.model), digits_run.dataset.test.images[:8]
    left = {}
    for steps in (saliency.STEPS, 16 * saliency.STEPS):
        found = [measure_saliency(gradient, image, CLASSES, steps=steps) for image in images]
        differences = np.array([each.logits - each.zeros_logits for each in found])
        sums = np.array([each.integrated.sum(axis=(1, 2, 3)) for each in found])
        left[steps] = np.abs(differences - sums) / np.abs(differences).max()
    few, many = left.values()
    assert np.median(few) < 0.05
    assert many.max() < few.max() / 4


class Linear:
    """A network whose logits are linear in the pixels."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        self._kernel, self._bias = kernel, bias

    def of_logits(self, inputs: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._kernel.T[classes].reshape(inputs.shape), inputs.reshape(len(inputs), -1) @ self._kernel + self._bias


def test_in_a_linear_network_every_pixel_contributes_its_weight_times_itself() -> None:
    generator = np.random.default_rng(0)
    kernel = generator.normal(size=(24, 3)).astype(np.float32)
    image = generator.integers(0, 256, (2, 4, 3), dtype=np.uint8)
    found = measure_saliency(Linear(kernel, np.array([0.5, -1, 2], np.float32)), image, (2, 0), steps=7)
    expected = (kernel[:, [2, 0]].T * (image.ravel() / 255)).reshape(2, 2, 4, 3)
    assert found.classes == (2, 0)
    assert found.gradient_times_input == pytest.approx(expected, abs=1e-6)
    assert found.integrated == pytest.approx(expected, abs=1e-6)
    assert found.zeros_logits.tolist() == [2, 0.5]
    assert found.rest == pytest.approx(0, abs=1e-5)
