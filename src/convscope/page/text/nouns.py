"""The kind of run behind a payload, and the nouns for it."""

from collections.abc import Mapping
from typing import Any

from ...analysis.baseline import noun
from ...figures import text
from ...formatting import join_words
from .numbers import name, word

Page = Mapping[str, Any]
"""A payload, as :mod:`convscope.page.payload` describes it."""
SHORT_NAME = 4
KIND_NAMES = {
    "Conv2D": "convolutional", "MaxPooling2D": "max pooling", "AveragePooling2D": "average pooling", "Flatten": "flattening",
    "Dense": "dense", "Dropout": "dropout", "BatchNormalization": "batch normalisation",
    "GlobalAveragePooling2D": "global average pooling", "Activation": "activation", "ReLU": "ReLU", "Rescaling": "rescaling",
    "Normalization": "normalisation", "ZeroPadding2D": "zero padding", "Add": "adding", "Concatenate": "concatenating",
}  # fmt: skip


def is_drawable(page: Page) -> bool:
    """Return whether the reader can draw input images: grey ones, for a network embedded in the page."""
    return bool(page["dataset"]["image_shape"][2] == 1 and page["weights"])


def short(model: str) -> str:
    """Return a model's name for a sentence: the abbreviations ``cnn`` and ``ann`` in upper case."""
    return model.upper() if model in {"cnn", "ann"} else name(model)


def baseline_noun(page: Page) -> str:
    """Return the baseline's name for a sentence."""
    model = page["metrics"]["baseline"]["model_name"]
    return noun(model) if model == "ann" else short(model)


def an_image_of(class_name: str) -> str:
    """Return an image by its class: ``"a 7"``, ``"an 8"``, ``"an image of class rose"``."""
    # Before a name that is no number, the article would be a guess.
    if class_name.isascii() and class_name.isdecimal():
        return f"{_article(class_name)} {class_name}"
    return f"an image of class {name(class_name)}"


def _article(digits: str) -> str:
    """Return the article before a number as it is read aloud: an 8, an 80, an 11,000."""
    leading = digits[: (len(digits) - 1) % 3 + 1]
    return "an" if leading[0] == "8" or leading in ("11", "18") else "a"


def validation_images(page: Page) -> str:
    """Return the noun for the images of the validation curve."""
    return "test images" if validates_on_test(page) else "validation images"


def validates_on_test(page: Page) -> bool:
    """Return whether the run validates on its test split, as the recipe ``notebook`` does."""
    return text.validates_on_test(page["run"])


def number_of(page: Page, *kinds: str) -> int:
    """Return the number of layers of these kinds."""
    return sum(layer["kind"] in kinds for layer in page["network"]["layers"])


def layers_in_words(page: Page) -> list[str]:
    """Return the layers by kind, in order of appearance: ``["two convolutional layers", …]``."""
    counts: dict[str, int] = {}
    for layer in page["network"]["layers"]:
        counts[layer["kind"]] = counts.get(layer["kind"], 0) + 1
    return [f"{word(count)} {KIND_NAMES.get(kind, kind)} layer{'s' * (count > 1)}" for kind, count in counts.items()]


def network_noun(page: Page) -> str:
    """Return the kind of network, by its layers."""
    if number_of(page, "Conv2D"):
        return "convolutional neural network (CNN)"
    if number_of(page, "Dense") > 1:
        return "dense neural network (ANN)"
    return "logistic regression"


def has_long_names(page: Page) -> bool:
    """Return whether class names are too long for horizontal column headings."""
    return max(map(len, page["dataset"]["class_names"])) > SHORT_NAME


MAX_LISTED = 6
"""Largest number of rows or columns that are named one by one."""


def lines_in_words(what: str, lines: list[int]) -> str:
    """Return rows or columns (``what``) by their ascending indices as text, such as ``"rows 24 to 27"``."""
    if len(lines) == 1:
        return f"{what} {lines[0]}"
    if len(lines) > 2 and lines[-1] - lines[0] == len(lines) - 1:
        return f"{what}s {lines[0]} to {lines[-1]}"
    return f"{len(lines)} {what}s" if len(lines) > MAX_LISTED else f"{what}s {join_words([str(line) for line in lines])}"
