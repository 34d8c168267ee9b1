"""How data are to be read where they leave a choice, and what a reader tells while it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ..errors import ConfigError

LEAST_SIDE, MOST_SIDE = 4, 2048
MOST_CLASSES = 1000
Preparation: TypeAlias = Literal["auto", "digits", "fit"]
"""How pictures are prepared: see :class:`ReadOptions`."""
AUTO: Preparation = "auto"
MOST_BAD = 0.2
PREPARATIONS: tuple[Preparation, ...] = get_args(Preparation)


@dataclass(frozen=True)
class ReadOptions:
    """What a reader is told; each default leaves the choice to the data."""

    image_size: tuple[int, int] | None = None
    """(height, width) that a folder's images are fitted to; a single number stands for a square. Without it they keep their
    size where all have the same and it is small, and get one chosen from theirs where not."""
    class_names: tuple[str, ...] | None = None
    """Of a folder, the names of its class folders in another order, or other names for them; else the names of labels 0, 1, 2…"""
    skip_bad_images: bool = False
    """Leave out what cannot be decoded, and say so, instead of stopping."""
    prepare: Preparation = AUTO
    """``"digits"``: each picture is prepared as MNIST's digits were and as ``predict`` does it: paper cleared away, light ink on
    dark, cropped, fitted, centred. ``"fit"``: its middle is resized, and no more. ``"auto"``: a folder of pictures is prepared as
    digits where its classes are the ten digits and nearly every picture shows one on a ground that is no part of it; other
    data are taken as they are."""
    most_bad: float = MOST_BAD
    """The share of pictures, 0..1, up to which they are left out: where more are bad, something else is wrong."""

    def __post_init__(self) -> None:
        if self.prepare not in PREPARATIONS:
            raise ConfigError(f"prepare={self.prepare!r} is unknown; one of {', '.join(PREPARATIONS)} was expected.")
        if isinstance(self.most_bad, bool) or not isinstance(self.most_bad, (int, float)) or not 0 <= self.most_bad <= 1:
            raise ConfigError(f"most_bad={self.most_bad!r} cannot be used; a share from 0 to 1 was expected.")
        if self.image_size is not None:
            object.__setattr__(self, "image_size", _checked_size(self.image_size))
        if self.class_names is not None:
            object.__setattr__(self, "class_names", _checked_names(self.class_names))

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``."""
        names, size = self.class_names, self.image_size
        return {
            "image_size": list(size) if size else None,
            "class_names": list(names) if names else None,
            "skip_bad_images": self.skip_bad_images,
            "prepare": self.prepare,
            "most_bad": self.most_bad,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReadOptions:
        """The options that :meth:`as_dict` wrote. A run of before resized its pictures only, and left out any number of them."""
        known = {"prepare": "fit", "most_bad": 1.0, **values}
        return cls(**{name: value for name, value in known.items() if name in cls.__dataclass_fields__})

    def as_arguments(self) -> list[str]:
        """For the command line that asks for the same again, as far as it can: a name with a comma needs a file."""
        arguments = ["--image-size", "{}x{}".format(*self.image_size)] if self.image_size else []
        if self.class_names and not any("," in name for name in self.class_names):
            arguments += ["--class-names", ",".join(self.class_names)]
        arguments += ["--prepare", self.prepare] if self.prepare != AUTO else []
        arguments += ["--skip-bad-images"] * self.skip_bad_images
        return arguments + (["--most-bad", f"{self.most_bad:g}"] if self.most_bad != MOST_BAD else [])


DEFAULTS = ReadOptions()


@dataclass(frozen=True)
class Reading:
    """How far the reading of a dataset is. Comes many times where there are many files, not at all where there is one."""

    step: str
    """What is being done, in words."""
    done: int
    total: int
    unit: str = "pictures"
    """What is counted: ``pictures`` or ``bytes``."""


@dataclass(frozen=True)
class Loaded:
    """A dataset has been read."""

    name: str
    notes: tuple[str, ...]
    """What was done to it, in sentences."""


ReadListener: TypeAlias = Callable[[Reading | Loaded], None]


def parse_image_size(text: str) -> tuple[int, int]:
    """``"64"`` → (64, 64), ``"48x64"`` → (48, 64): height, then width. Raises :class:`ConfigError`."""
    match = re.fullmatch(r"\s*(\d{1,6})(?:\s*[x×,]\s*(\d{1,6}))?\s*", text, re.IGNORECASE | re.ASCII)
    if match is None:
        raise ConfigError(
            f"image size {text!r} is none; a number of pixels, as 64, or height and width, as 48x64, was expected."
        )
    return _checked_size((int(match[1]), int(match[2] or match[1])))


def parse_class_names(text: str) -> tuple[str, ...]:
    """``"cat,dog"``, or the name of a file with a name per line → (``"cat"``, ``"dog"``). Raises :class:`ConfigError`."""
    if "," not in text:
        return _checked_names(read_class_names(text))
    return _checked_names(tuple(name.strip() for name in text.split(",")))


def read_class_names(path: Path | str) -> tuple[str, ...]:
    """The lines of a text file in UTF-8, without empty ones. Raises :class:`ConfigError` where there is no such file."""
    try:
        if not Path(path).is_file():
            raise FileNotFoundError("there is no such file")
        text = Path(path).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0][:160]
        raise ConfigError(
            f"class names {str(path)!r} cannot be read ({reason[:1].lower()}{reason[1:]}); names with commas between them, "
            "as cat,dog, or a text file in UTF-8 with one name per line, were expected."
        ) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _checked_size(size: Any) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) else size
    if (
        not isinstance(pair, (tuple, list))
        or len(pair) != 2
        or not all(isinstance(side, int) and not isinstance(side, bool) and LEAST_SIDE <= side <= MOST_SIDE for side in pair)
    ):
        raise ConfigError(
            f"image_size={size!r} cannot be used; (height, width) in pixels, from {LEAST_SIDE} to {MOST_SIDE:,} each, "
            "was expected."
        )
    return pair[0], pair[1]


def _checked_names(names: Any) -> tuple[str, ...]:
    given = tuple(names) if not isinstance(names, str) else (names,)
    twice = next((name for index, name in enumerate(given) if name in given[:index]), None)
    if len(given) < 2 or len(given) > MOST_CLASSES or not all(isinstance(name, str) and name for name in given) or twice:
        found = f"{twice!r} occurs twice" if twice else f"{len(given):,} were given" if all(given) else "one is empty"
        raise ConfigError(
            f"these class names cannot be used: {found}; 2 to {MOST_CLASSES:,} different names were expected, "
            "one for each class."
        )
    return given
