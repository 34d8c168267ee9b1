from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.models.architectures import MODELS
from convscope.models.backend import require_backend
from convscope.training.foldable_batch_norm import add_foldable_batch_norm

require_backend()

import keras  # noqa: E402 - silently, after the back-end
import tensorflow as tf  # noqa: E402

from convscope.training.keras_ext import conv_max_pool  # noqa: E402
from convscope.training.keras_ext.conv_max_pool import ConvMaxPool, can_be_pooled  # noqa: E402

WITHOUT_AVX_512 = frozenset({"avx2", "fma"})


def with_gradients(function: Any, inputs: tf.Tensor, kernel: tf.Variable) -> list[np.ndarray]:
    """What comes out, and what a curved function of it gives back to pixels and kernel."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        maps = function(inputs)
        curved = tf.reduce_sum(maps * tf.sin(maps))
    return [maps.numpy(), *(gradient.numpy() for gradient in tape.gradient(curved, [inputs, kernel]))]


@pytest.mark.parametrize(
    ("height", "width", "channels", "side"), [(26, 26, 1, 3), (29, 31, 3, 3), (28, 27, 1, 5), (9, 12, 2, 1), (8, 9, 4, 7)]
)
def test_values_and_gradients_are_those_of_tensorflows_convolution_and_pooling(
    height: int, width: int, channels: int, side: int
) -> None:
    layer = ConvMaxPool(7, side, use_bias=False)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(5, height, width, channels)), tf.float32)
    assert tuple(layer.compute_output_shape(inputs.shape)) == tuple(layer(inputs).shape)
    kernel = layer.kernel.value
    two = with_gradients(lambda x: tf.nn.max_pool2d(tf.nn.conv2d(x, kernel, 1, "VALID"), 2, 2, "VALID"), inputs, kernel)
    for one, other in zip(with_gradients(layer, inputs, kernel), two, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_of_equal_values_the_first_gets_the_gradient_as_in_tensorflows_pooling() -> None:
    """Where a digit's image is black, all four places have the same value."""
    layer = ConvMaxPool(3, 3, use_bias=False)
    inputs = tf.constant(np.random.default_rng(0).integers(0, 2, (4, 12, 12, 1)), tf.float32)
    layer(inputs)
    layer.kernel.assign(np.ones((3, 3, 1, 3)))
    kernel = layer.kernel.value
    two = with_gradients(lambda x: tf.nn.max_pool2d(tf.nn.conv2d(x, kernel, 1, "VALID"), 2, 2, "VALID"), inputs, kernel)
    for one, other in zip(with_gradients(layer, inputs, kernel), two, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def pair(pooling: dict[str, Any] | None = None, **convolution: Any) -> bool:
    settings = {"filters": 4, "kernel_size": 3, **convolution}
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Conv2D(**settings), keras.layers.MaxPooling2D(**(pooling or {}))]
    )
    return can_be_pooled(*model.layers)


def test_only_what_one_product_can_compute_is_pooled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_max_pool, "processor_flags", lambda: WITHOUT_AVX_512)
    assert pair()
    assert pair(kernel_size=5)
    for convolution in (
        {"padding": "same"},
        {"strides": 2},
        {"dilation_rate": 2},
        {"kernel_size": 2},
        {"kernel_size": (3, 5)},
    ):
        assert not pair(**convolution)
    for pooling in ({"pool_size": 3}, {"strides": 1}, {"padding": "same"}):
        assert not pair(pooling)


def test_where_tensorflows_kernels_have_avx_512_layers_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_max_pool, "processor_flags", lambda: WITHOUT_AVX_512 | {"avx512f"})
    assert not pair()


def test_in_bfloat16_and_on_many_channels_layers_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_max_pool, "processor_flags", lambda: WITHOUT_AVX_512)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert not pair()
    finally:
        keras.config.set_dtype_policy(before)
    kinds = [
        type(layer).__name__ for layer in add_foldable_batch_norm(MODELS["cnn"]((28, 28, 5), 10), normalize=True).layers
    ]
    assert "ConvMaxPool" not in kinds
