"""The networks, each a function that returns a plain ``keras.Model``.

The layer names are those that Keras gave the notebook's layers. They are spelled out, so that building a second model
in one session does not change them and no global state has to be reset.

The last layer is float32 whatever the precision of the rest: a softmax in bfloat16 has two decimal digits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import ConfigError, unknown_name
from .own_model import Build as Build
from .own_model import ImageShape as ImageShape
from .own_model import find_own_model, is_own_model, with_steady_names

if TYPE_CHECKING:
    import keras

STRONG_SIDE = 28
SMALLEST_SIDE = 10
"""Two unpadded 3 × 3 convolutions and two poolings by 2 leave one unit of a side of 10, and none of a side of 9."""


def cnn(image_shape: ImageShape, num_classes: int) -> keras.Model:
    """The notebook's network: two convolutions, two poolings, two dense layers; 108,618 parameters on MNIST.

    ``image_shape`` (h, w, c). Images with a side under 10 pixels keep their size in the convolutions (padding "same"),
    since otherwise nothing would be left to classify.
    """
    from keras import Input, Sequential, layers

    padding = "valid" if min(image_shape[:2]) >= SMALLEST_SIDE else "same"
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
    """The notebook's predecessor: three dense layers and no convolution; 109,386 parameters on MNIST.

    The notebook quotes its accuracy (98.04%) but not its sizes; these give it as many parameters as ``cnn`` has.
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
    """Logistic regression: one weight per pixel and class; 7,850 parameters on MNIST. The floor to compare with."""
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
    """The accurate one: five convolutions with batch normalisation, two poolings, one dense layer.

    Parameters, multiply-adds and accuracy on MNIST are in ``docs/benchmarks.md``. Images with a side under 28 pixels keep
    their size in the two convolutions that otherwise would not (padding "same").
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
    """A convolution without bias, batch normalisation, ReLU."""
    from keras import layers

    suffix = f"_{number}" if number else ""
    return [
        layers.Conv2D(filters, (side, side), padding=padding, use_bias=False, name=f"conv2d{suffix}"),
        layers.BatchNormalization(momentum=0.95, name=f"batch_normalization{suffix}"),
        layers.ReLU(name=f"re_lu{suffix}"),
    ]


MODELS: dict[str, Build] = {"ann": ann, "cnn": cnn, "logistic": logistic, "strong": strong}


def find_model(model: str | os.PathLike[str] | Build) -> Build:
    """The builder that ``model`` names, or ``model`` itself where it is one.

    Besides the names of :data:`MODELS`, ``file.py:build`` names a function in the user's own file, which is then run, and
    ``file.keras`` a file whose layers are taken, with fresh weights. Raises :class:`ConfigError`.
    """
    if callable(model):
        return model if model in MODELS.values() else with_steady_names(model)
    word = os.fspath(model)
    if word in MODELS:
        return MODELS[word]
    if is_own_model(word):
        return find_own_model(word)
    raise ConfigError(f"{unknown_name('model', word, MODELS)} Or name your own: file.py:build, or file.keras.")
