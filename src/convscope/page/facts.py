"""What kind of run a payload tells of, and the nouns that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures import wording
from .formats import name, word

Page = Mapping[str, Any]
"""A payload, as :mod:`convscope.page.payload` describes it."""
SHORT_NAME = 4
KIND_NAMES = {
    "Conv2D": "convolutional", "MaxPooling2D": "max pooling", "AveragePooling2D": "average pooling", "Flatten": "flattening",
    "Dense": "dense", "Dropout": "dropout", "BatchNormalization": "batch normalisation",
    "GlobalAveragePooling2D": "global average pooling", "Activation": "activation", "ReLU": "ReLU", "Rescaling": "rescaling",
    "ZeroPadding2D": "zero padding",
}  # fmt: skip


def are_digits(page: Page) -> bool:
    """Whether the images are of digits, so that "reads" is the word; classes that are only numbered are none."""
    return bool(page["dataset"]["content"] == "digits")


def is_drawable(page: Page) -> bool:
    """Whether a reader can draw such images: grey ones, for a network that travels in the page."""
    return bool(page["dataset"]["image_shape"][2] == 1 and page["weights"])


def a_network(model: str) -> str:
    """A model's name as a noun: ``ann`` → ``"the ANN"``."""
    return f"the {short(model)}"


def short(model: str) -> str:
    """``cnn`` → ``"CNN"``: the two abbreviations among the models' names."""
    return model.upper() if model in {"cnn", "ann"} else name(model)


def an_image_of(class_name: str) -> str:
    """An image by its class: ``"a 7"`` and ``"an 8"`` for numbers; before any other name an article would be a guess."""
    if class_name.isascii() and class_name.isdecimal():
        return f"{_article(class_name)} {class_name}"
    return f"an image of class {name(class_name)}"


def _article(digits: str) -> str:
    """As the number is read aloud: an 8, an 80, an 800, an 8,000; an 11 and an 18, thousand or not."""
    leading = digits[: (len(digits) - 1) % 3 + 1]
    return "an" if leading[0] == "8" or leading in ("11", "18") else "a"


def validation_images(page: Page) -> str:
    """What the training was checked on, by its right name."""
    return "test images" if validates_on_test(page) else "validation images"


def validates_on_test(page: Page) -> bool:
    """Whether the split called validation is the test split, as in the recipe of the notebook."""
    return wording.validates_on_test(page["run"])


def number_of(page: Page, *kinds: str) -> int:
    """Layers of these kinds."""
    return sum(layer["kind"] in kinds for layer in page["network"]["layers"])


def layers_in_words(page: Page) -> list[str]:
    """``["two convolutional layers", "two max pooling layers", …]``, in the order in which the kinds first appear."""
    counts: dict[str, int] = {}
    for layer in page["network"]["layers"]:
        counts[layer["kind"]] = counts.get(layer["kind"], 0) + 1
    return [f"{word(count)} {KIND_NAMES.get(kind, kind)} layer{'s' * (count > 1)}" for kind, count in counts.items()]


def network_noun(page: Page) -> str:
    """What the network is, by its layers."""
    if number_of(page, "Conv2D"):
        return "convolutional neural network (CNN)"
    if number_of(page, "Dense") > 1:
        return "dense neural network (ANN)"
    return "logistic regression"


def has_long_names(page: Page) -> bool:
    """Whether class names need to stand upright to head the columns of a table."""
    return max(map(len, page["dataset"]["class_names"])) > SHORT_NAME
