"""Networks written in Keras itself: the tests' reference for what convscope describes without it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from convscope.models.backend import require_backend

require_backend()
import keras  # noqa: E402
from keras import Input, Sequential, layers  # noqa: E402

STRONG_SIDE, MIN_SIDE = 28, 10
ImageShape = tuple[int, int, int]


def cnn(image_shape: ImageShape, num_classes: int) -> keras.Model:
    padding = "valid" if min(image_shape[:2]) >= MIN_SIDE else "same"
    return Sequential(
        [
            Input(image_shape),
            layers.Conv2D(16, (3, 3), activation="relu", padding=padding, name="conv2d"),
            layers.MaxPooling2D((2, 2), name="max_pooling2d"),
            layers.Conv2D(32, (3, 3), activation="relu", padding=padding, name="conv2d_1"),
            layers.MaxPooling2D((2, 2), name="max_pooling2d_1"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dense(num_classes, activation="softmax", name="dense_1", dtype="float32"),
        ],
        name="cnn",
    )


def ann(image_shape: ImageShape, num_classes: int) -> keras.Model:
    return Sequential(
        [
            Input(image_shape),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.Dense(64, activation="relu", name="dense_1"),
            layers.Dense(num_classes, activation="softmax", name="dense_2", dtype="float32"),
        ],
        name="ann",
    )


def logistic(image_shape: ImageShape, num_classes: int) -> keras.Model:
    return Sequential(
        [
            Input(image_shape),
            layers.Flatten(name="flatten"),
            layers.Dense(num_classes, activation="softmax", name="dense", dtype="float32"),
        ],
        name="logistic",
    )


def strong(image_shape: ImageShape, num_classes: int) -> keras.Model:
    padding = "valid" if min(image_shape[:2]) >= STRONG_SIDE else "same"
    parts = [Input(image_shape), *_normalized(16, 5, padding, 0), layers.MaxPooling2D((2, 2), name="max_pooling2d")]
    parts += [*_normalized(48, 3, "same", 1), *_normalized(48, 3, "same", 2)]
    parts += [layers.MaxPooling2D((2, 2), name="max_pooling2d_1")]
    parts += [*_normalized(64, 3, "same", 3), *_normalized(64, 3, padding, 4)]
    parts += [layers.Flatten(name="flatten"), layers.Dropout(0.3, name="dropout")]
    parts += [layers.Dense(num_classes, activation="softmax", name="dense", dtype="float32")]
    return Sequential(parts, name="strong")


def _normalized(filters: int, side: int, padding: str, number: int) -> list[keras.Layer]:
    suffix = f"_{number}" if number else ""
    return [
        layers.Conv2D(filters, (side, side), padding=padding, use_bias=False, name=f"conv2d{suffix}"),
        layers.BatchNormalization(momentum=0.95, name=f"batch_normalization{suffix}"),
        layers.ReLU(name=f"re_lu{suffix}"),
    ]


KERAS_MODELS: dict[str, Any] = {"ann": ann, "cnn": cnn, "logistic": logistic, "strong": strong}


def shaken(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return the model with random weights in all places; variances stay positive."""
    generator = np.random.default_rng(seed)
    model.set_weights([generator.random(weight.shape, np.float32) for weight in model.get_weights()])
    return model


def hand_made() -> keras.Model:
    """A network for colour images in which hardly any setting has Keras' default."""
    return keras.Sequential(
        [
            keras.Input((13, 17, 3)),
            layers.Conv2D(4, (3, 2), strides=2, padding="same", activation="tanh", name="first"),
            layers.BatchNormalization(momentum=0.7, epsilon=0.01, center=False, name="norm"),
            layers.BatchNormalization(scale=False, name="norm_again"),
            layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.05, name="rectified"),
            layers.Conv2D(6, 2, dilation_rate=2, groups=2, use_bias=False, name="second"),
            layers.MaxPooling2D(2, strides=1, padding="same", name="pool"),
            layers.Dropout(0.25, name="drop"),
            layers.Dense(5, activation="leaky_relu", name="pointwise"),
            layers.Flatten(name="flat"),
            layers.Dense(7, activation="gelu", use_bias=False, name="hidden"),
            layers.Dense(4, activation="softmax", name="classes", dtype="float32"),
        ],
        name="by_hand",
    )


BUILDS: dict[str, Any] = {name: partial(build, (28, 30, 3), 7) for name, build in KERAS_MODELS.items()}
BUILDS["by_hand"] = hand_made
