"""The architectures, each a function that returns a plain ``keras.Model``.

The layer names are those that Keras gave the notebook's layers. They are spelled out, so that a second model in one session
gets the same names and no global state has to be reset.

The last layer is always float32: a softmax in bfloat16 has two decimal digits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import ConfigError, unknown_name
from .custom import Build as Build
from .custom import ImageShape as ImageShape
from .custom import find_custom_model, is_custom_model, with_deterministic_names

if TYPE_CHECKING:
    import keras

STRONG_SIDE = 28
MIN_SIDE = 10
"""Smallest side for the unpadded ``cnn``: 10 pixels leave one unit, 9 none."""


def cnn(image_shape: ImageShape, num_classes: int) -> keras.Model:
    """Build the notebook's network: two convolutions, two poolings, two dense layers.

    It has 108,618 parameters on MNIST. Images (h, w, c) with a side under 10 pixels keep their size in the convolutions
    (padding "same"), since otherwise nothing would be left to classify.
    """
    from keras import Input, Sequential, layers

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
    """Build the notebook's predecessor: three dense layers and no convolution.

    It has 109,386 parameters on MNIST. The notebook gives its accuracy (98.04%) but not its sizes; these match the number of
    parameters of ``cnn``.
    """
    from keras import Input, Sequential, layers

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
    """Build a logistic regression, one weight per pixel and class; 7,850 parameters on MNIST."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(image_shape),
            layers.Flatten(name="flatten"),
            layers.Dense(num_classes, activation="softmax", name="dense", dtype="float32"),
        ],
        name="logistic",
    )


def strong(image_shape: ImageShape, num_classes: int) -> keras.Model:
    """Build the most accurate network: five convolutions with batch normalization.

    Parameters, multiply-adds and accuracy on MNIST are in ``docs/benchmarks.md``. Images with a side under 28 pixels keep
    their size in the two convolutions that are unpadded otherwise (padding "same").
    """
    from keras import Input, Sequential, layers

    padding = "valid" if min(image_shape[:2]) >= STRONG_SIDE else "same"
    parts = [Input(image_shape), *_normalized(16, 5, padding, 0), layers.MaxPooling2D((2, 2), name="max_pooling2d")]
    parts += [*_normalized(48, 3, "same", 1), *_normalized(48, 3, "same", 2)]
    parts += [layers.MaxPooling2D((2, 2), name="max_pooling2d_1")]
    parts += [*_normalized(64, 3, "same", 3), *_normalized(64, 3, padding, 4)]
    parts += [layers.Flatten(name="flatten"), layers.Dropout(0.3, name="dropout")]
    parts += [layers.Dense(num_classes, activation="softmax", name="dense", dtype="float32")]
    return Sequential(parts, name="strong")


def _normalized(filters: int, side: int, padding: str, number: int) -> list[keras.Layer]:
    from keras import layers

    suffix = f"_{number}" if number else ""
    return [
        layers.Conv2D(filters, (side, side), padding=padding, use_bias=False, name=f"conv2d{suffix}"),
        layers.BatchNormalization(momentum=0.95, name=f"batch_normalization{suffix}"),
        layers.ReLU(name=f"re_lu{suffix}"),
    ]


MODELS: dict[str, Build] = {"ann": ann, "cnn": cnn, "logistic": logistic, "strong": strong}


def find_model(model: str | os.PathLike[str] | Build) -> Build:
    """Return the function that builds ``model``; ConfigError if there is none.

    ``model`` is a name in :data:`MODELS`; ``file.py:build``, a function in a Python file, which is run; ``file.keras``, of
    which the layers are used with fresh weights; or such a function itself.
    """
    if callable(model):
        return model if model in MODELS.values() else with_deterministic_names(model)
    word = os.fspath(model)
    if word in MODELS:
        return MODELS[word]
    if is_custom_model(word):
        return find_custom_model(word)
    raise ConfigError(f"{unknown_name('model', word, MODELS)} Or pass your own: file.py:build, or file.keras.")
