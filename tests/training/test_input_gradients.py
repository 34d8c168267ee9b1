"""Input gradients against finite differences in float64; `test_on_jax.py` compares those of JAX with TensorFlow's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.api.run import Run
from convscope.data.preprocessing import to_inputs
from convscope.errors import RunError
from convscope.training.input_gradients import BATCH_SIZE, InputGradient

Array = np.ndarray[Any, Any]


def in_float64(model: Any) -> Any:
    """Return the model's logits as a function of inputs, without rounding to float32 in between."""
    import keras

    def convert(layer: keras.Layer) -> keras.Layer:
        activation = {"activation": "linear"} if layer is model.layers[-1] else {}
        return type(layer).from_config({**layer.get_config(), **activation, "dtype": "float64"})

    copy = keras.Sequential([keras.Input(model.input_shape[1:], dtype="float64"), *map(convert, model.layers)])
    copy.set_weights(model.get_weights())
    return lambda inputs: np.asarray(copy(inputs.astype(np.float64)))


def losses(logits: Array, labels: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


@pytest.fixture(scope="module")
def gradient(digits_run: Run) -> InputGradient:
    return InputGradient(digits_run.model)


@pytest.mark.slow
def test_gradients_agree_with_finite_differences(digits_run: Run, gradient: InputGradient) -> None:
    logits_of, test = in_float64(digits_run.model), digits_run.dataset.test
    inputs, labels = to_inputs(test.images[:4]).astype(np.float64), test.labels[:4]
    # Zeros sit on the kinks of max pooling, where there is more than one slope; a little noise moves them off.
    inputs += np.random.default_rng(0).uniform(0.01, 0.05, inputs.shape)
    found, logits = gradient(inputs.astype(np.float32), labels)
    inputs = inputs.astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(logits, logits_of(inputs), atol=1e-4)
    step = 1e-6
    for place in np.ndindex(8, 8, 1):
        change = np.zeros((8, 8, 1))
        change[place] = step
        after, before = logits_of(inputs + change), logits_of(inputs - change)
        slopes = (losses(after, labels) - losses(before, labels)) / (2 * step)
        np.testing.assert_allclose(found[(slice(None), *place)], slopes, rtol=2e-3, atol=2e-4)


def test_an_images_gradient_does_not_depend_on_its_batch(digits_run: Run, gradient: InputGradient) -> None:
    test = digits_run.dataset.test
    number = BATCH_SIZE + 3
    whole, logits = gradient(to_inputs(test.images[:number]), test.labels[:number])
    assert whole.shape == (number, 8, 8, 1)
    assert logits.shape == (number, 10)
    alone, _ = gradient(to_inputs(test.images[number - 1 : number]), test.labels[number - 1 : number])
    np.testing.assert_allclose(alone[0], whole[-1], atol=1e-6)


def test_of_no_images_there_is_no_gradient(gradient: InputGradient) -> None:
    nothing = np.zeros((0, 8, 8, 1), np.float32)
    slopes, logits = gradient(nothing, np.zeros(0, np.int64))
    assert (slopes.shape, logits.shape, gradient.logits(nothing).shape) == ((0, 8, 8, 1), (0, 10), (0, 10))


def test_the_logits_alone_equal_those_returned_with_the_gradient(digits_run: Run, gradient: InputGradient) -> None:
    test = digits_run.dataset.test
    inputs = to_inputs(test.images[: 2 * BATCH_SIZE + 3])
    np.testing.assert_allclose(gradient.logits(inputs), gradient(inputs, test.labels[: len(inputs)])[1], atol=1e-5)


def test_the_same_images_have_the_same_gradient_bit_for_bit_after_other_calls(digits_run: Run) -> None:
    test = digits_run.dataset.test
    inputs, labels = to_inputs(test.images[:250]), test.labels[:250]
    first, other = InputGradient(digits_run.model), InputGradient(digits_run.model)
    before = first(inputs, labels)
    first(inputs[::-1], labels[::-1])
    for one, two, three in zip(before, first(inputs, labels), other(inputs, labels), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_a_model_without_a_softmax_at_its_end_is_refused() -> None:
    import keras

    with pytest.raises(RunError, match="Dense.*softmax"):
        InputGradient(keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]))
