"""Options of the dataset readers, and the events that readers report."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..errors import ConfigError, option, reason_of, spelled
from ..formatting import composed
from ..system.arguments import check_kinds
from ..system.regular_files import read_user_text
from ..types import is_number

MIN_SIDE, MAX_SIDE = 4, 2048
"""Smallest and largest side of ``image_size``, in pixels."""
MAX_CLASSES = 1000
Preparation: TypeAlias = Literal["auto", "digits", "fit"]
"""Preprocessing of images: see :class:`ReadOptions`."""
AUTO: Preparation = "auto"
MAX_BAD_SHARE = 0.2
PREPARATIONS: tuple[Preparation, ...] = get_args(Preparation)


def checked_pixel_range(values: Any) -> tuple[float, float]:
    """Return black and white as floats; ConfigError unless ``values`` are two different numbers in order."""
    numbers = (
        isinstance(values, (tuple, list)) and len(values) == 2 and not any(isinstance(each, (bool, str)) for each in values)
    )
    if not numbers or not math.isfinite(values[1] - values[0]) or values[0] >= values[1]:
        raise ConfigError(
            f"{option('pixel_range')} must be the values of black and white, such as (0, 4095); got {values!r}."
        )
    return float(values[0]), float(values[1])


@dataclass(frozen=True)
class PixelForm:
    """How the pixels of the data became grey levels of upright images."""

    range: tuple[float, float] = (0, 255)
    """The values of black and white."""
    transposed: bool = False
    """Whether rows and columns were swapped."""

    def __post_init__(self) -> None:
        checked_pixel_range(self.range)


AS_THEY_ARE = PixelForm()


def pixel_form_of(known: Mapping[str, Any]) -> PixelForm | None:
    """Return the pixel form that ``run.json`` describes among the facts about its dataset; None in runs of earlier versions."""
    pixels = known.get("pixels")
    if not pixels:
        return None
    black, white = pixels.get("range", AS_THEY_ARE.range)
    return PixelForm((black, white), pixels.get("transposed", AS_THEY_ARE.transposed))


@dataclass(frozen=True)
class ReadOptions:
    """Options of a reader. Each default leaves the choice to the data."""

    image_size: tuple[int, int] | None = None
    """(height, width) for image files; a single number means a square. By default images of one small size keep it, and others
    are resized to a size chosen from theirs."""
    class_names: tuple[str, ...] | None = None
    """Names of the classes 0, 1, 2 and so on. For a folder of image files: its class folders in another order, or other names."""
    skip_bad_images: bool = False
    """Skip unreadable image files, with a note, instead of failing."""
    prepare: Preparation = AUTO
    """``"digits"``: preprocess like MNIST and like ``predict``: paper background removed, light ink on dark, cropped, scaled,
    centred. ``"fit"``: crop to the middle and resize. ``"auto"``: preprocess a folder of image files as digits if its classes
    are the ten digits and nearly every file shows one on a background; leave other data unchanged."""
    most_bad: float = MAX_BAD_SHARE
    """Largest share of image files that ``skip_bad_images`` may skip, from 0 to 1."""
    test_share: float | None = None
    """Share of the images to hold out for testing, stratified by class, of data without a test split; None for a fifth."""
    all_as_test: bool = False
    """Take all images of data without a test split as test images, as ``evaluate`` does, instead of holding out a fifth. A test
    split alone and a single class are enough then; without a training split, the test split stands for it."""

    pixel_range: tuple[float, float] | None = None
    """The values of black and white in the images, such as (0, 4095), where they leave it open."""
    transpose: bool = False
    """Swap rows and columns of all images: EMNIST stores them so, as do many copies of it."""
    trained_on: PixelForm | None = None
    """That of the data that a network was trained on, used for other data for it where they leave it open."""
    group_by: str | None = None
    """Regular expression for the part of a file's path that the images of a group share, such as ``scene\\d+``: a group is never
    divided between splits that convscope makes. Capturing groups are the part, if there are any."""

    def __post_init__(self) -> None:
        if not isinstance(self.prepare, str) or self.prepare not in PREPARATIONS:
            raise ConfigError(f"{option('prepare')} must be one of {', '.join(PREPARATIONS)}; got {self.prepare!r}.")
        if not is_number(self.most_bad) or not 0 <= self.most_bad <= 1:
            raise ConfigError(f"{option('most_bad')} must be a share from 0 to 1; got {self.most_bad!r}.")
        share = self.test_share
        if share is not None and not (is_number(share) and 0 < share < 1):
            raise ConfigError(f"{option('test_share')} must be more than 0 and less than 1; got {share!r}.")
        if self.pixel_range is not None:
            object.__setattr__(self, "pixel_range", checked_pixel_range(self.pixel_range))
        if self.group_by is not None:
            _check_pattern(self.group_by)
        if self.image_size is not None:
            object.__setattr__(self, "image_size", _checked_size(self.image_size))
        if self.class_names is not None:
            object.__setattr__(self, "class_names", _checked_names(self.class_names))
        check_kinds(ReadOptions, vars(self))

    def as_dict(self) -> dict[str, Any]:
        """Return the options as written to ``run.json``."""
        names, size = self.class_names, self.image_size
        return {
            "image_size": list(size) if size else None,
            "class_names": list(names) if names else None,
            "skip_bad_images": self.skip_bad_images,
            "prepare": self.prepare,
            "most_bad": self.most_bad,
            **({} if self.test_share is None else {"test_share": self.test_share}),
            **({} if self.pixel_range is None else {"pixel_range": list(self.pixel_range)}),
            **({"transpose": True} if self.transpose else {}),
            **({} if self.group_by is None else {"group_by": self.group_by}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReadOptions:
        """Return the options that :meth:`as_dict` wrote."""
        # Runs without these keys always resized their image files and skipped any number of them.
        known = {"prepare": "fit", "most_bad": 1.0, **values}
        return cls(**{name: value for name, value in known.items() if name in cls.__dataclass_fields__})

    def as_arguments(self) -> list[str]:
        """Return the options as command-line arguments, without class names that contain a comma."""
        arguments = ["--image-size", "{}x{}".format(*self.image_size)] if self.image_size else []
        if self.class_names and not any("," in name for name in self.class_names):
            arguments += ["--class-names", ",".join(self.class_names)]
        arguments += ["--prepare", self.prepare] if self.prepare != AUTO else []
        arguments += ["--pixel-range", "{:.15g}..{:.15g}".format(*self.pixel_range)] if self.pixel_range else []
        arguments += ["--transpose"] * self.transpose
        arguments += ["--group-by", self.group_by] if self.group_by else []
        arguments += ["--skip-bad-images"] * self.skip_bad_images
        arguments += ["--most-bad", f"{self.most_bad:g}"] if self.most_bad != MAX_BAD_SHARE else []
        return arguments + (["--test-share", str(self.test_share)] if self.test_share is not None else [])


DEFAULTS = ReadOptions()


@dataclass(frozen=True)
class ReadProgress:
    """Progress of reading a dataset of many files, or of one large file."""

    step: str
    """The current step, as a phrase."""
    done: int
    total: int
    unit: str = "images"
    """``images`` or ``bytes``."""


@dataclass(frozen=True)
class DatasetLoaded:
    """A dataset was read."""

    name: str
    notes: tuple[str, ...]
    """Sentences about what was done on loading."""


@dataclass(frozen=True)
class DatasetChecked:
    """A dataset was checked before a training."""

    name: str
    problems: tuple[str, ...]
    """Sentences on what was found odd."""


ReadListener: TypeAlias = Callable[[ReadProgress | DatasetLoaded], None]


def parse_image_size(text: str) -> tuple[int, int]:
    """Parse an image size: ``"64"`` as (64, 64), ``"48x64"`` as height 48 and width 64."""
    match = re.fullmatch(r"\s*(\d{1,6})(?:\s*[x×,]\s*(\d{1,6}))?\s*", text, re.IGNORECASE | re.ASCII)
    return _checked_size((int(match[1]), int(match[2] or match[1])) if match else None, text)


def parse_pixel_range(text: str) -> tuple[float, float]:
    """Parse the values of black and white: ``"0..4095"`` as (0, 4095)."""
    low, dots, high = text.partition("..")
    try:
        return checked_pixel_range((float(low), float(high if dots else "none")))
    except ValueError as error:
        raise ConfigError(
            f"{option('pixel_range')} must be the values of black and white, such as 0..4095; got {text!r}."
        ) from error


def parse_class_names(text: str) -> tuple[str, ...]:
    """Parse class names: ``"cat,dog"``, or the path of a text file with one name per line."""
    if "," not in text:
        return _checked_names(read_class_names(text))
    return _checked_names(tuple(name.strip() for name in text.split(",")))


def read_class_names(path: Path | str) -> tuple[str, ...]:
    """Read class names, one per line, from a UTF-8 text file. Empty lines are skipped."""
    try:
        text = read_user_text(path)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot read class names from {str(path)!r} ({reason_of(error)}). Pass names separated by commas (cat,dog), or a "
            "UTF-8 text file with one name per line."
        ) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def find_class_names(folder: Path) -> tuple[str, ...] | None:
    """Read ``classes.txt`` in ``folder``, if it is there."""
    path = folder / "classes.txt"
    return read_class_names(path) if path.is_file() else None


def _check_pattern(pattern: Any) -> None:
    try:
        if not isinstance(pattern, str) or not pattern:
            raise re.error("empty" if isinstance(pattern, str) else "no text")
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(
            f"{option('group_by')} must be a regular expression, such as scene\\d+; got {pattern!r} ({reason_of(error)})."
        ) from error


def _checked_size(size: Any, given: str | None = None) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) else size
    if (
        not isinstance(pair, (tuple, list))
        or len(pair) != 2
        or not all(isinstance(side, int) and not isinstance(side, bool) and MIN_SIDE <= side <= MAX_SIDE for side in pair)
    ):
        accepted = spelled("a number of pixels (64) or height and width (48x64)", "(height, width) or a number of pixels")
        found = size if given is None else given
        raise ConfigError(f"{option('image_size')} must be {accepted}, from {MIN_SIDE} to {MAX_SIDE:,} each; got {found!r}.")
    return pair[0], pair[1]


def _checked_names(names: Any) -> tuple[str, ...]:
    if not isinstance(names, Iterable) or isinstance(names, (Set, Mapping)):  # a set has no order
        raise ConfigError(f"class names must be in order, as in a list; got a {type(names).__name__}.")
    given = (
        (names,) if isinstance(names, str) else tuple(composed(each) if isinstance(each, str) else each for each in names)
    )
    repeated = next((name for index, name in enumerate(given) if name in given[:index]), None)
    if len(given) < 2 or len(given) > MAX_CLASSES or not all(isinstance(name, str) and name for name in given) or repeated:
        found = f"{repeated!r} twice" if repeated else f"{len(given):,}" if all(given) else "an empty one"
        raise ConfigError(f"class names must be 2 to {MAX_CLASSES:,} different names, one per class; got {found}.")
    return given
