"""A picture of any size, fitted to what a network takes, with a word on everything that was done to it.

Networks for digits get digits as their training set has them, by :func:`convscope.data.finding.find_digits`, which clears away
the paper of a photo and tells several digits apart: this is for grey networks whose images are digits or other handwritten
signs, bright on dark. All others get the middle of the picture, as much as has the shape of their images, resized: each new
pixel is the mean of the area that it covers. Both as the page does it. A grey network whose images are all light on dark, or
all dark on light, gets a picture of the other kind turned round.

**A picture that has exactly the network's size is taken as it is**; by a network for digits only if its border is dark, as
in all images of MNIST and of scikit-learn's digits. What folders of pictures become for training is decided here too, so that
a network meets what it was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..types import Images
from .dataset import Dataset
from .digit import DigitSettings
from .digit_steps import Box
from .finding import FoundDigit, find_digits
from .grey import to_grey
from .polarity import DARK, LIGHT, is_bright_around, polarity_of
from .resample import Scale, axis_weights

AS_IT_IS = "taken as it is"
DIGITS = "digits"
"""The word of a dataset for what its images are of."""
PREPARED, POLARITY = "digit_preprocessing", "polarity"
"""Keys in the description of a dataset in ``run.json``; runs of earlier versions lack them."""
ASKED, FIT = "digits", "fit"
"""The words of ``ReadOptions.prepare`` for pictures that are prepared as digits, and that are resized and no more."""
SAMPLE = 500
"""Images that a set's terms are read off."""


@dataclass(frozen=True, eq=False)
class FittedPicture:
    """``pixels`` (h, w, c) uint8, what the network is given; and what was done, in words, in order."""

    pixels: Images
    done: tuple[str, ...]
    box: Box | None = None
    """Where in the picture the ink of the digit is that was looked for; None where there was none to look for, or to find."""
    area: int = 0
    """Pixels of that ink, of a digit that was told apart from others."""


@dataclass(frozen=True)
class Fitting:
    """How pictures become what one network takes."""

    image_shape: tuple[int, int, int]
    """(h, w, c); c is 1 or 3."""
    digits: DigitSettings | None = None
    """Of a network for digits, bright on dark."""
    polarity: str | None = None
    """``"light on dark"`` or ``"dark on light"``, where nearly all images of a grey network for anything else are so."""

    def __post_init__(self) -> None:
        if self.image_shape[2] not in (1, 3):
            raise ConfigError(
                f"this network takes images of {self.image_shape[2]} channels; 1 (grey) or 3 (RGB) was expected, "
                "for pictures to be fitted to it. Give it arrays through its model.onnx."
            )

    def fit(self, picture: Images) -> FittedPicture:
        """(h, w, 1 or 3) uint8 of any size → ``image_shape``; all that is in it, as one."""
        return self.fit_each(picture, several=False)[0]

    def fit_each(self, picture: Images, *, several: bool = True) -> list[FittedPicture]:
        """(h, w, 1 or 3) uint8 of any size → ``image_shape`` for each digit in it, in reading order; of anything but digits,
        for the picture."""
        picture, done = self._with_channels(picture)
        if self.digits is None or (picture.shape == self.image_shape and not is_bright_around(picture[None])[0]):
            return [self._fit_whole(picture, done)]
        found = find_digits(picture[..., 0], self.digits, several=several)
        return [
            FittedPicture(each.prepared.pixels[..., None], (*done, *_words(each)), each.box, each.area) for each in found
        ]

    def fit_one(self, picture: Images) -> tuple[FittedPicture, int]:
        """For training: the digit with the most ink, as the page takes it, and how many there are. Of a picture with one digit, and
        of anything but digits, it is what :meth:`fit_each` gives."""
        found = self.fit_each(picture)
        return max(found, key=lambda each: each.area), len(found)

    def _fit_whole(self, picture: Images, done: tuple[str, ...]) -> FittedPicture:
        height, width, _ = self.image_shape
        if picture.shape == self.image_shape:
            turned = f", though {self._said_otherwise()}" if self._is_turned(picture) else ""
            return FittedPicture(picture, (*done, AS_IT_IS + turned))
        middle = _middle(picture, height / width)
        if middle.shape != picture.shape:
            done = (*done, f"the middle {_size(middle)} of {_size(picture)} taken")
        if self._is_turned(middle):
            middle, done = 255 - middle, (*done, f"inverted, since {self._said_otherwise()}")
        return FittedPicture(resize(middle, (height, width)), (*done, f"resized from {_size(middle)} to {width} × {height}"))

    def _is_turned(self, picture: Images) -> bool:
        """Whether (h, w, 1) is light on dark for a network of the opposite, or the reverse. What is flat is neither."""
        if self.polarity is None or self.digits is not None or picture.min() == picture.max():
            return False
        return bool(is_bright_around(picture[None])[0]) != (self.polarity == DARK)

    def _said_otherwise(self) -> str:
        return f"it is {LIGHT if self.polarity == DARK else DARK} and the training images are {self.polarity}"

    def takes_as_they_are(self, images: Images) -> npt.NDArray[np.bool_]:
        """(n,) which of the images (n, h, w, c) uint8 need nothing done to them."""
        if images.shape[1:] != self.image_shape:
            return np.zeros(len(images), dtype=bool)
        return np.ones(len(images), dtype=bool) if self.digits is None else ~is_bright_around(images)

    def _with_channels(self, picture: Images) -> tuple[Images, tuple[str, ...]]:
        given, wanted = picture.shape[2], self.image_shape[2]
        if given == wanted:
            return picture, ()
        if wanted == 3:
            return np.repeat(picture, 3, axis=2), ("grey made RGB",)
        coloured = bool((picture != picture[..., :1]).any())
        return to_grey(picture)[..., None], ("made grey",) if coloured else ()


def fitting_for(dataset: Mapping[str, Any], examples: Images) -> Fitting:
    """The fitting for a network trained on ``dataset``, as ``run.json`` describes it.

    ``examples`` (n, h, w, c): images that it was trained on, one at least. Off them is read what a run of an earlier version
    does not say. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where the description makes no sense.
    """
    height, width, channels = dataset["image_shape"]
    if PREPARED in dataset:
        digits = None if dataset[PREPARED] is None else settings_from(dataset[PREPARED], (height, width))
    else:
        digits = settings_of(examples) if dataset.get("content") == DIGITS else None
    polarity = dataset[POLARITY] if POLARITY in dataset else polarity_of(examples)
    return Fitting((height, width, channels), digits, polarity if digits is None else None)


def terms_of(dataset: Dataset) -> dict[str, Any]:
    """How pictures are to be fitted to a network for ``dataset``, for ``run.json``: settled once, so that prediction, service,
    export and page do the same."""
    rows = np.linspace(0, len(dataset.train) - 1, min(SAMPLE, len(dataset.train)), dtype=int)
    examples, provenance = dataset.train.images[rows], dataset.provenance
    digits = provenance.digits
    if digits is None and provenance.content == DIGITS:
        digits = settings_of(examples)
    if provenance.reading.prepare == FIT:
        digits = None
    return {PREPARED: None if digits is None else asdict(digits), POLARITY: polarity_of(examples)}


def settings_of(images: Images) -> DigitSettings | None:
    """How pictures become digits like these (n, h, w, c); None where they are not grey, or mostly dark on light.

    How much of the frame digits fill is read off them: 20 of 28 pixels in MNIST, but all 8 of 8 in scikit-learn's.
    """
    _, height, width, channels = images.shape
    if channels != 1 or is_bright_around(images).mean() > 0.5:
        return None
    return DigitSettings(height, width, digit_size_fraction=share_of_frame(images))


def settings_from(values: Mapping[str, Any], size: tuple[int, int]) -> DigitSettings:
    """The settings for a network that takes (height, width), as a run or an exported file has them; what a later version may add
    is left alone. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where they make no sense."""
    settings = DigitSettings(**{each.name: values[each.name] for each in fields(DigitSettings) if each.name in values})
    if (settings.height, settings.width) != size:
        raise ValueError("digits are prepared for another size than the network takes")
    return settings


def _middle(picture: Images, aspect: float) -> Images:
    """The largest part of (h, w, c) around the middle whose height is ``aspect`` times its width, to a pixel."""
    height, width, _ = picture.shape
    cut = min(height, max(1, round(width * aspect))), min(width, max(1, round(height / aspect)))
    top, left = (height - cut[0]) // 2, (width - cut[1]) // 2
    return picture[top : top + cut[0], left : left + cut[1]]


def _size(picture: Images) -> str:
    return f"{picture.shape[1]} × {picture.shape[0]}"


def resize(picture: Images, size: tuple[int, int]) -> Images:
    """(h, w, c) uint8 → (*size, c): means of areas where it shrinks, bilinear where it grows. Halves are rounded up."""
    rows, columns = (_shares(old, new) for old, new in zip(picture.shape[:2], size, strict=True))
    channels = [rows @ picture[..., channel] @ columns.T for channel in range(picture.shape[2])]
    # Shares add up to 1 within rounding: the small number keeps a half from becoming a little less than one.
    return np.floor(np.stack(channels, axis=-1) + (0.5 + 1e-9)).astype(np.uint8)


def _shares(inputs: int, outputs: int) -> npt.NDArray[np.float64]:
    """(outputs, inputs): rows add up to 1, also at the edges, beyond which there is nothing to look at."""
    weights, _ = axis_weights(inputs, outputs, Scale(outputs, inputs))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def share_of_frame(images: Images) -> float:
    """Half of the images have ink over more than this share of the frame's height or width, whichever is more."""
    ink = images[..., 0] > 0
    sides = []
    for axis in (1, 2):
        some = np.asarray(ink.any(axis=3 - axis))
        spans = some.shape[1] - some.argmax(axis=1) - some[:, ::-1].argmax(axis=1)
        sides.append(spans / some.shape[1])
    shares = np.sort(np.maximum(*sides)[ink.any(axis=(1, 2))])
    return float(shares[len(shares) // 2]) if shares.size else DigitSettings().digit_size_fraction


def _words(found: FoundDigit) -> tuple[str, ...]:
    prepared, words = found.prepared, ["paper cleared"] if found.cleared else []
    if prepared.empty or found.box is None:
        return (*words, "blank: no ink was found in it")
    box, fitted = found.box, prepared.fit.picture
    if prepared.polarity.inverted:
        words.append("inverted")
    if prepared.ground.level or not np.array_equal(prepared.ground.picture, prepared.polarity.picture):
        words.append("ground cleared")
    words.append(f"cropped to {box.right - box.left + 1} × {box.bottom - box.top + 1}")
    words.append(f"fitted into {fitted.shape[1]} × {fitted.shape[0]}")
    if not np.array_equal(prepared.contrast.picture, fitted):
        words.append("contrast stretched")
    return (*words, "centred")
