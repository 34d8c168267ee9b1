"""A run's page for one picture: everything of the report, with that picture open in it from the start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import ConfigError, OutputError
from .page.payload import OpenedPicture
from .prediction.predictions import Prediction, Predictions
from .types import PathLike

ENDING = ".explained.html"
NAMELESS = "picture"
"""What a picture that came without a file's name is called."""


@dataclass(frozen=True)
class Explanation:
    """The page that was written, and what the network answers."""

    page: Path
    prediction: Prediction


def choose_page(name: str, output: PathLike | None, *, overwrite: bool) -> Path:
    """Where the page goes: to ``output``, or into the current folder, called after the picture's file.

    Raises :class:`OutputError` where something is there already, unless it is to be replaced.
    """
    page = Path(output) if output is not None else Path(_stem(name) + ENDING)
    if page.is_dir():
        raise OutputError(f"{str(page)!r} is a folder; the name of a file was expected. Choose one with --output FILE.")
    if page.exists() and not overwrite:
        raise OutputError(
            f"{str(page)!r} exists already; a new file was expected. "
            "Choose another with --output FILE, or replace it with --overwrite."
        )
    return page


def only_picture(predictions: Predictions, digit: int = 1) -> tuple[OpenedPicture, Prediction]:
    """The one picture that the page opens at, or the one digit of it, numbered from 1 in reading order; and its answers.

    Raises :class:`ConfigError` for none or several pictures, and where there are not so many digits.
    """
    place = predictions.places[0] if len(predictions) and predictions.places else None
    digits = place.of if place else 1
    if len(predictions) != digits:
        raise ConfigError(
            f"{len(predictions)} pictures were given; one was expected. Explain them one by one, or classify them with "
            "convscope predict."
        )
    name = predictions.names[0]
    if isinstance(digit, bool) or not isinstance(digit, int) or not 1 <= digit <= digits:
        found = "holds one digit; digit=1" if digits == 1 else f"holds {digits} digits; a number from 1 to {digits}"
        raise ConfigError(f"digit={digit!r} was asked for, but {name!r} {found} was expected, counted in reading order.")
    chosen = digit - 1
    return OpenedPicture(name, predictions.prepared[chosen], predictions.done[chosen]), predictions[chosen]


def _stem(name: str) -> str:
    """Letters, digits and what is harmless, so that the name is one on every system."""
    return re.sub(r"[^\w.-]+", "-", Path(name).stem).strip(".-")[:100] or NAMELESS
