"""Preprocessing of an image of any size for a network, with a phrase for each step.

A grey network for digits or other handwritten characters, light on dark, gets digits that look like its training data:
:func:`convscope.data.digits.detect.detect_digits` removes the paper background of a photo and separates several digits. Any other
network gets the middle of the image, cropped to its aspect ratio and resized by area means. If all training images of a grey
network have one polarity, an image of the other polarity is inverted. The page does the same.

**An image of exactly the network's size is used unchanged**; for a digit network only if its ink is light on black and as large
and as central as in the dataset. Folders of image files for training are preprocessed here too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..types import Images, Inputs
from .dataset import Dataset
from .digits.box import Box
from .digits.detect import DetectedDigit, Logits, detect_digits
from .digits.mnist_style import DigitPreprocessing
from .digits.polarity import DARK, LIGHT, has_training_form, is_dark_on_light, polarity_of
from .images.resample import ResampleRatio, axis_weights, to_grey

UNCHANGED = "used unchanged"
DIGITS = "digits"
"""The noun of a dataset of digits for the content of its images."""
PREPARED, POLARITY = "digit_preprocessing", "polarity"
"""Keys of the preprocessing in ``run.json``; older runs lack them."""
ASKED, FIT = "digits", "fit"
"""Values of ``ReadOptions.prepare``: preprocess as digits; crop and resize only."""
SCALE = 255.0
"""Divisor that maps grey levels 0 to 255 to inputs 0 to 1."""
SAMPLE = 500
"""Images from which the preprocessing for a dataset is derived."""


@dataclass(frozen=True, eq=False)
class PreprocessedImage:
    """An image as the network receives it."""

    pixels: Images
    """(h, w, c) uint8."""
    steps: tuple[str, ...]
    """Phrases for the preprocessing steps, in order."""
    box: Box | None = None
    """Bounding box of the digit's ink in the original image, if a digit was searched and found."""
    area: int = 0
    """Pixels of ink, if the digit was separated from others."""
    is_empty: bool = False
    """Whether a digit was searched and none found."""


@dataclass(frozen=True)
class ImagePreprocessor:
    """The preprocessing of images for one network."""

    image_shape: tuple[int, int, int]
    """(h, w, c) of the network's input, with 1 or 3 channels."""
    digits: DigitPreprocessing | None = None
    """Settings of a network for digits, light on dark."""
    polarity: str | None = None
    """``"light on dark"`` or ``"dark on light"``, if nearly all training images of another grey network agree."""

    def __post_init__(self) -> None:
        if self.image_shape[2] not in (1, 3):
            raise ConfigError(
                f"image files have 1 (grey) or 3 (RGB) channels, but this network takes {self.image_shape[2]}. Pass arrays to "
                "its model.onnx instead."
            )

    def preprocess(self, image: Images) -> PreprocessedImage:
        """Preprocess an image (h, w, 1 or 3) uint8 of any size, with all its ink as one digit."""
        return self.preprocess_each(image, several=False)[0]

    def preprocess_each(
        self, image: Images, *, several: bool = True, logits: Logits | None = None
    ) -> list[PreprocessedImage]:
        """Preprocess an image (h, w, 1 or 3) uint8 of any size, with one result per digit.

        The results are in reading order. There is a single one if the network is not for digits, or if ``several`` is off.
        ``logits`` is as in :func:`convscope.data.digits.detect.detect_digits`.
        """
        image, steps = self._with_channels(image)
        if self.digits is None or self.uses_unchanged(image[None])[0]:
            return [self._preprocess_whole(image, steps)]
        found = detect_digits(image[..., 0], self.digits, several=several, logits=logits)
        return [
            PreprocessedImage(
                each.prepared.pixels[..., None], (*steps, *_words(each)), each.box, each.area, each.prepared.empty
            )
            for each in found
        ]

    def preprocess_largest(self, image: Images) -> tuple[PreprocessedImage, int]:
        """Return the result with the most ink, as the page uses it, and the number of results."""
        found = self.preprocess_each(image)
        return max(found, key=lambda each: each.area), len(found)

    def _preprocess_whole(self, image: Images, steps: tuple[str, ...]) -> PreprocessedImage:
        height, width, _ = self.image_shape
        if image.shape == self.image_shape:
            polarity = f", although {self._mismatch()}" if self._has_other_polarity(image) else ""
            return PreprocessedImage(image, (*steps, UNCHANGED + polarity))
        middle = _middle(image, height / width)
        if middle.shape != image.shape:
            steps = (*steps, f"cropped to the middle {_size(middle)} of {_size(image)}")
        if self._has_other_polarity(middle):
            middle, steps = 255 - middle, (*steps, f"inverted, because {self._mismatch()}")
        return PreprocessedImage(
            resize(middle, (height, width)), (*steps, f"resized from {_size(middle)} to {height} × {width}")
        )

    def _has_other_polarity(self, image: Images) -> bool:
        # A flat image has no polarity.
        if self.polarity is None or self.digits is not None or image.min() == image.max():
            return False
        return bool(is_dark_on_light(image[None])[0]) != (self.polarity == DARK)

    def _mismatch(self) -> str:
        return f"it is {LIGHT if self.polarity == DARK else DARK} and the training images are {self.polarity}"

    def uses_unchanged(self, images: Images) -> npt.NDArray[np.bool_]:
        """Return (n,) which of the images (n, h, w, c) uint8 are used unchanged."""
        if images.shape[1:] != self.image_shape:
            return np.zeros(len(images), dtype=bool)
        return np.ones(len(images), dtype=bool) if self.digits is None else has_training_form(images, self.digits)

    def _with_channels(self, image: Images) -> tuple[Images, tuple[str, ...]]:
        given, wanted = image.shape[2], self.image_shape[2]
        if given == wanted:
            return image, ()
        if wanted == 3:
            return np.repeat(image, 3, axis=2), ("converted to RGB",)
        coloured = bool((image != image[..., :1]).any())
        return to_grey(image)[..., None], ("converted to grey",) if coloured else ()


def preprocessor_for(dataset: Mapping[str, Any], examples: Images) -> ImagePreprocessor:
    """Return the preprocessing for a trained network.

    ``dataset`` is its description in ``run.json``; ``examples``, at least one training image (n, h, w, c), tell what an
    older run does not record. KeyError, TypeError or ValueError if the description is invalid.
    """
    height, width, channels = dataset["image_shape"]
    if PREPARED in dataset:
        digits = None if dataset[PREPARED] is None else stored_digit_settings(dataset[PREPARED], (height, width))
    else:
        digits = measure_digit_settings(examples) if dataset.get("content") == DIGITS else None
    polarity = dataset[POLARITY] if POLARITY in dataset else polarity_of(examples)
    return ImagePreprocessor((height, width, channels), digits, polarity if digits is None else None)


def preprocessing_spec(dataset: Dataset) -> dict[str, Any]:
    """Return the preprocessing for a dataset, as ``run.json`` records it."""
    rows = np.linspace(0, len(dataset.train) - 1, min(SAMPLE, len(dataset.train)), dtype=int)
    examples, provenance = dataset.train.images[rows], dataset.provenance
    digits = provenance.digits
    if digits is None and provenance.content == DIGITS:
        digits = measure_digit_settings(examples)
    if provenance.reading.prepare == FIT:
        digits = None
    return {PREPARED: None if digits is None else asdict(digits), POLARITY: polarity_of(examples)}


def measure_digit_settings(images: Images) -> DigitPreprocessing | None:
    """Derive digit settings from images (n, h, w, c); None unless grey and light on dark.

    The share of the frame that digits fill is measured: 20 of 28 pixels in MNIST, but all 8 of 8 in scikit-learn's digits.
    """
    _, height, width, channels = images.shape
    if channels != 1 or is_dark_on_light(images).mean() > 0.5:
        return None
    return DigitPreprocessing(height, width, digit_size_fraction=measure_digit_size(images))


def stored_digit_settings(values: Mapping[str, Any], size: tuple[int, int]) -> DigitPreprocessing:
    """Return digit settings stored by a run or an exported model, ignoring unknown keys.

    Invalid ones, or ones for another (height, width) than ``size``, are a KeyError, TypeError or ValueError.
    """
    settings = DigitPreprocessing(
        **{each.name: values[each.name] for each in fields(DigitPreprocessing) if each.name in values}
    )
    if (settings.height, settings.width) != size:
        raise ValueError(
            f"digits are preprocessed to {settings.height} × {settings.width}, but the network takes {size[0]} × {size[1]}"
        )
    return settings


def _middle(image: Images, aspect: float) -> Images:
    height, width, _ = image.shape
    cut = middle_size((height, width), aspect)
    top, left = (height - cut[0]) // 2, (width - cut[1]) // 2
    return image[top : top + cut[0], left : left + cut[1]]


def middle_size(size: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Return the (height, width) that is left of an image of ``size`` when it is cropped to height / width = ``aspect``."""
    height, width = size
    return min(height, max(1, round(width * aspect))), min(width, max(1, round(height / aspect)))


def _size(image: Images) -> str:
    return f"{image.shape[0]} × {image.shape[1]}"


def resize(image: Images, size: tuple[int, int]) -> Images:
    """Resize (h, w, c) uint8 to (*size, c).

    Area means when shrinking, bilinear when growing; halves are rounded up.
    """
    rows, columns = (_shares(old, new) for old, new in zip(image.shape[:2], size, strict=True))
    channels = [rows @ image[..., channel] @ columns.T for channel in range(image.shape[2])]
    # Weights sum to 1 within rounding; the small number keeps a half from becoming slightly less than a half.
    return np.floor(np.stack(channels, axis=-1) + (0.5 + 1e-9)).astype(np.uint8)


def _shares(inputs: int, outputs: int) -> npt.NDArray[np.float64]:
    """Return weights (outputs, inputs) whose rows sum to 1, also at the edges."""
    weights, _ = axis_weights(inputs, outputs, ResampleRatio(outputs, inputs))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def measure_digit_size(images: Images) -> float:
    """Return the median share of the frame that ink spans, along its longer direction."""
    ink = images[..., 0] > 0
    sides = []
    for axis in (1, 2):
        some = np.asarray(ink.any(axis=3 - axis))
        spans = some.shape[1] - some.argmax(axis=1) - some[:, ::-1].argmax(axis=1)
        sides.append(spans / some.shape[1])
    shares = np.sort(np.maximum(*sides)[ink.any(axis=(1, 2))])
    return float(shares[len(shares) // 2]) if shares.size else DigitPreprocessing().digit_size_fraction


def _words(found: DetectedDigit) -> tuple[str, ...]:
    prepared, words = found.prepared, ["paper background removed"] if found.background_removed else []
    if prepared.empty or found.box is None:
        return (*words, "blank: no ink found")
    if prepared.inverted:
        words.append("inverted")
    if prepared.has_background:
        words.append("background removed")
    words.append(f"cropped to {found.box.height} × {found.box.width}")
    if prepared.thickened:
        words.append("thin strokes thickened")
    words.append("fitted into {} × {}".format(*prepared.fitted))
    if prepared.stretched:
        words.append("contrast stretched")
    return (*words, "centred")


def to_inputs(images: Images) -> Inputs:
    """Scale images (n, h, w, c) uint8 to float32 inputs from 0 to 1."""
    return (images / np.float32(SCALE)).astype(np.float32, copy=False)
