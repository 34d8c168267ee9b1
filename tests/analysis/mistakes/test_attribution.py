"""Saliency against TensorFlow's tape, against a linear network, and as a sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from convscope.analysis.mistakes import attribution
from convscope.analysis.mistakes.attribution import measure_saliency, occlude
from convscope.api.run import Run
from convscope.models.network import Layer, Network
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.models.saving import with_logits
from convscope.training.input_gradients import InputGradient

Array = np.ndarray[Any, Any]
SHAPE = (14, 21, 2)


@pytest.fixture(scope="module")
def kernel() -> Array:
    return np.random.default_rng(0).normal(0, 0.2, (int(np.prod(SHAPE)), 3)).astype(np.float32)


@pytest.fixture(scope="module")
def predictor(kernel: Array) -> Predictor:
    flat = len(kernel)
    layers = (
        Layer("flatten", "Flatten", {}, SHAPE, (flat,)),
        Layer(
            "dense", "Dense", {"activation": "softmax"}, (flat,), (3,), {"kernel": kernel, "bias": np.zeros(3, np.float32)}
        ),
    )
    return Predictor(onnx_bytes(Network("linear", SHAPE, layers)))


@pytest.mark.parametrize("batch_bytes", [2**26, 2000])
def test_it_equals_a_loop_over_patches(
    predictor: Predictor, kernel: Array, batch_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "BATCH_BYTES", batch_bytes)
    image = np.random.default_rng(1).integers(0, 256, SHAPE, dtype=np.uint8)
    image[[0, -1]] = image[:, [0, -1]] = (40, 90)
    found = occlude(predictor, image, (2, 0))
    assert (found.patch, found.stride) == (2, 1)
    assert found.drop.shape == (2, 13, 20)

    def logarithms(pixels: Array) -> Array:
        return np.asarray(log_softmax((pixels / 255).ravel() @ kernel.astype(float)))

    for row in range(13):
        for column in range(20):
            covered = image.copy()
            covered[row : row + 2, column : column + 2] = (40, 90)
            expected = (logarithms(image) - logarithms(covered))[[2, 0]]
            assert found.drop[:, row, column] == pytest.approx(expected, abs=1e-4)


def test_covering_background_changes_nothing(predictor: Predictor) -> None:
    image = np.zeros(SHAPE, np.uint8)
    image[5:9, 5:9] = 200
    drop = occlude(predictor, image, (1,)).drop[0]
    assert drop[0, 0] == 0
    assert np.abs(drop[4:9, 4:9]).min() > 0


@pytest.mark.parametrize("side", [1, 3])
def test_an_image_smaller_than_a_patch_has_one_patch(side: int) -> None:
    layers = (
        Layer("flatten", "Flatten", {}, (side, side, 1), (side * side,)),
        Layer("dense", "Dense", {"activation": "softmax"}, (side * side,), (2,),
              {"kernel": np.ones((side * side, 2), np.float32), "bias": np.zeros(2, np.float32)}),
    )  # fmt: skip
    tiny = Predictor(onnx_bytes(Network("tiny", (side, side, 1), layers)))
    assert occlude(tiny, np.full((side, side, 1), 9, np.uint8), (0, 1)).drop.size >= 2


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
    shares = (np.arange(attribution.STEPS) + 0.5) / attribution.STEPS
    slopes, _ = of_tensorflow(digits_run, (shares[:, None, None, None] * inputs).astype(np.float32))
    assert found.integrated == pytest.approx(slopes.mean(axis=1) * inputs, abs=1e-5)


def test_integrated_gradients_add_up_to_the_difference_of_the_logits_the_better_the_more_steps(digits_run: Run) -> None:
    gradient, images = InputGradient(digits_run.model), digits_run.dataset.test.images[:8]
    left = {}
    for steps in (attribution.STEPS, 16 * attribution.STEPS):
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
    assert found.integrated.sum(axis=(1, 2, 3)) == pytest.approx(found.logits - found.zeros_logits, abs=1e-5)
