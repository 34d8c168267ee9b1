"""The architectures, each a function that returns a :class:`~convscope.models.network.Network` with initial weights.

Layers have Keras' words and names: ``conv2d``, ``conv2d_1``, ``dense``…
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..errors import ConfigError, unknown_name
from .custom import NOTHING_KEPT, checked, find_custom_model, from_model, is_custom_model
from .custom import Build as Build
from .functional_form import ImageShape as ImageShape
from .layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, LayerSpec, MaxPooling2D, ReLU, sequential
from .network import Network

if TYPE_CHECKING:
    import keras

WEIGHTS = ("fresh", "keep")
"""What a network of the user's own begins with: new random weights, or those that it has."""
STRONG_SIDE = 28
MIN_SIDE = 10
"""Smallest side for the unpadded ``cnn``: 10 pixels leave one unit, 9 none."""


def cnn(image_shape: ImageShape, num_classes: int) -> Network:
    """Build the notebook's network: two convolutions, two poolings, two dense layers.

    It has 108,618 parameters on MNIST. Images (h, w, c) with a side under 10 pixels keep their size in the convolutions
    (padding "same"), since otherwise nothing would be left to classify, and a side of one pixel is not pooled.
    """
    padding = "valid" if min(image_shape[:2]) >= MIN_SIDE else "same"
    return sequential(
        "cnn",
        image_shape,
        [
            Conv2D(16, (3, 3), activation="relu", padding=padding),
            _halving(image_shape, 0),
            Conv2D(32, (3, 3), activation="relu", padding=padding),
            _halving(image_shape, 1),
            Flatten(),
            Dense(128, activation="relu"),
            Dense(num_classes, activation="softmax"),
        ],
    )


def ann(image_shape: ImageShape, num_classes: int) -> Network:
    """Build the notebook's predecessor: three dense layers and no convolution.

    It has 109,386 parameters on MNIST. The notebook gives its accuracy (98.04%) but not its sizes; these match the number of
    parameters of ``cnn``.
    """
    return sequential(
        "ann",
        image_shape,
        [
            Flatten(),
            Dense(128, activation="relu"),
            Dense(64, activation="relu"),
            Dense(num_classes, activation="softmax"),
        ],
    )


def logistic(image_shape: ImageShape, num_classes: int) -> Network:
    """Build a logistic regression, one weight per pixel and class; 7,850 parameters on MNIST."""
    return sequential("logistic", image_shape, [Flatten(), Dense(num_classes, activation="softmax")])


def strong(image_shape: ImageShape, num_classes: int) -> Network:
    """Build the most accurate network: five convolutions with batch normalization.

    Parameters, multiply-adds and accuracy on MNIST are in ``docs/benchmarks.md``. Images with a side under 28 pixels keep
    their size in the two convolutions that are unpadded otherwise (padding "same").
    """
    padding = "valid" if min(image_shape[:2]) >= STRONG_SIDE else "same"
    return sequential(
        "strong",
        image_shape,
        [
            *_normalized(16, 5, padding),
            _halving(image_shape, 0),
            *_normalized(48, 3, "same"),
            *_normalized(48, 3, "same"),
            _halving(image_shape, 1),
            *_normalized(64, 3, "same"),
            *_normalized(64, 3, padding),
            Flatten(),
            Dropout(0.3),
            Dense(num_classes, activation="softmax"),
        ],
    )


def _halving(image_shape: ImageShape, before: int) -> MaxPooling2D:
    """Return a pooling over 2 × 2 pixels, after ``before`` others; a side of one pixel stays as it is."""
    height, width = (2 if side >> before > 1 else 1 for side in image_shape[:2])
    return MaxPooling2D((height, width))


def _normalized(filters: int, side: int, padding: str) -> list[LayerSpec]:
    return [
        Conv2D(filters, (side, side), padding=padding, use_bias=False),
        BatchNormalization(momentum=0.95),
        ReLU(),
    ]


MODELS: dict[str, Callable[[ImageShape, int], Network]] = {"ann": ann, "cnn": cnn, "logistic": logistic, "strong": strong}


def find_model(model: str | os.PathLike[str] | Build | keras.Model, *, weights: str = "fresh") -> Build:
    """Return the function that builds ``model``; ConfigError if there is none.

    ``model`` is a name in :data:`MODELS`; ``file.py:build``, a function in a Python file, which is run; ``file.keras`` or a
    ``keras.Model``, of which the layers are used, with ``fresh`` weights or with those that they ``keep``; or such a function.
    """
    if weights not in WEIGHTS:
        raise ConfigError(unknown_name("weights", weights, WEIGHTS))
    keep = weights == "keep"
    if (keras := sys.modules.get("keras")) is not None and isinstance(model, keras.Model):
        return checked(model.name, partial(from_model, model.name, model, keep=keep))
    if callable(model):
        word = getattr(model, "__name__", "custom")
    else:
        word = os.fspath(model) if isinstance(model, os.PathLike) else str(model)
    if not callable(model) and is_custom_model(word):
        return find_custom_model(word, keep=keep)
    if keep:
        raise ConfigError(NOTHING_KEPT.format(word))
    if callable(model):
        return model if model in MODELS.values() else checked(word, model)
    if word in MODELS:
        return MODELS[word]
    raise ConfigError(f"{unknown_name('model', word, MODELS)} Or pass your own: file.py:build, or file.keras.")
