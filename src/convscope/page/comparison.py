"""The page of a comparison: one file without a script, in the dress of a run's report."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._version import __version__
from ..analysis import comparison_words
from ..analysis.comparison import Comparison
from ..figures.png import png_bytes
from ..types import Images
from . import comparison_scale, formats
from .policy import content_security_policy

TEMPLATES, CSS = (Path(__file__).with_name(name) for name in ("templates", "css"))
PICTURE_SIDE = 84
"""Pixels of the page that a small image is enlarged to, at most, by a whole factor."""
DOTS_PER_INCH = 96.0
MOST_SPLITS = 12
"""Rows of the table of answers that part."""


@dataclass(frozen=True)
class Answer:
    """What one network answered to one image."""

    run: str
    class_name: str
    confidence: float
    right: bool


@dataclass(frozen=True)
class Tile:
    """An image of the gallery."""

    index: int
    """Its place in the test split."""
    source: str
    """A ``data:`` address of the picture."""
    width: int
    height: int
    true: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Group:
    """Images that the same networks got right."""

    title: str
    total: int
    tiles: tuple[Tile, ...]


def render_comparison(comparison: Comparison, pictures: Mapping[int, Images]) -> str:
    """The page as text, to be written as UTF-8. ``pictures``: images (h, w, c) uint8 by their places in the test split."""
    style = "\n".join(path.read_text("utf-8") for path in (CSS / "base.css", CSS / "comparison.css"))
    if "</style" in style.lower():
        raise ValueError("the style sheet holds '</style', which would end its element; it must not")
    return _environment().get_template("comparison.html").render(
        comparison=comparison,
        verdict=comparison_words.verdict(comparison),
        accuracies=comparison_scale.of_accuracies([each.interval for each in comparison.contestants]),
        differences=comparison_scale.of_differences([pair.interval for pair in comparison.pairs]),
        groups=gallery(comparison, pictures),
        shown=len(pictures),
        splits=parted_answers(comparison),
        policy=content_security_policy([], [style]),
        style=Markup(style),  # noqa: S704 - ours, and checked above
        version=__version__,
        now=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def gallery(comparison: Comparison, pictures: Mapping[int, Images]) -> list[Group]:
    """The images on which not all agree, by who got them right; the largest group first, that of nobody last."""
    places = comparison.disagreements
    right = comparison.answers[:, places] == comparison.labels[places]
    patterns = [tuple(np.flatnonzero(column).tolist()) for column in right.T]
    totals = Counter(patterns)
    order = sorted(totals, key=lambda pattern: (not pattern, -totals[pattern], pattern))
    return [
        Group(
            _who(comparison, pattern),
            totals[pattern],
            tuple(
                _tile(comparison, int(place), pictures[int(place)])
                for place, own in zip(places, patterns, strict=True)
                if own == pattern and int(place) in pictures
            ),
        )
        for pattern in order
    ]


def parted_answers(comparison: Comparison) -> list[tuple[str, tuple[str, ...], int]]:
    """The most frequent ways in which answers part: true class, the answer of each run, number of images."""
    places = comparison.disagreements
    found = Counter(
        zip(comparison.labels[places].tolist(), map(tuple, comparison.answers[:, places].T.tolist()), strict=True)
    )
    names = comparison.class_names
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_SPLITS]
    return [(names[true], tuple(names[answer] for answer in answers), count) for (true, answers), count in ranked]


def _who(comparison: Comparison, pattern: Sequence[int]) -> str:
    names = [formats.name(comparison.contestants[place].name) for place in pattern]
    if not names:
        return "None is right, and not all say the same"
    return f"Only {formats.joined(names)} {'is' if len(names) == 1 else 'are'} right"


def _tile(comparison: Comparison, place: int, image: Images) -> Tile:
    height, width = image.shape[:2]
    factor = max(1, PICTURE_SIDE // max(height, width))
    names, true = comparison.class_names, int(comparison.labels[place])
    answers = tuple(
        Answer(each.name, names[int(answer)], float(confidence), int(answer) == true)
        for each, answer, confidence in zip(
            comparison.contestants, comparison.answers[:, place], comparison.confidence[:, place], strict=True
        )
    )
    return Tile(place, _data_address(image), width * factor, height * factor, names[true], answers)


def _data_address(image: Images) -> str:
    """Three channels, as they are or the first one repeated."""
    colours = image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)
    content = png_bytes(np.ascontiguousarray(colours), dots_per_inch=DOTS_PER_INCH, title="")
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(formats=formats, words=comparison_words, scale=comparison_scale)
    return environment
