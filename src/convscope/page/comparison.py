"""The page of a comparison: one self-contained HTML file without a script, in the style of a run's report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np
from jinja2 import Environment

from ..analysis import comparison_text
from ..analysis.comparison import Comparison
from ..analysis.statistics.proportions import Interval
from ..formatting import join_words
from ..types import Images
from .environment import accuracy_scale, difference_scale, image_data_uri, make_environment, render_without_script
from .text import numbers

PICTURE_SIDE = 84
"""Largest side, in CSS pixels, to which a small image is enlarged by a whole factor."""
MAX_SPLITS = 12
"""Rows in the table of differing predictions."""


@dataclass(frozen=True)
class Answer:
    """The prediction of one network for one image."""

    run: str
    class_name: str
    confidence: float
    right: bool


@dataclass(frozen=True)
class Tile:
    """An image of the gallery."""

    index: int
    """Index in the test split."""
    source: str
    """A ``data:`` URI."""
    width: int
    height: int
    true: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Group:
    """Images that the same networks predict correctly."""

    title: str
    total: int
    tiles: tuple[Tile, ...]


def render_comparison(comparison: Comparison, pictures: Mapping[int, Images]) -> str:
    """Return the page as text, to be written as UTF-8.

    ``pictures`` are images (h, w, c) uint8 by their indices in the test split; those without one are left out of the gallery.
    """
    return render_without_script(
        "comparison",
        _environment(),
        comparison=comparison,
        conclusion=comparison_text.verdict(comparison),
        accuracies=accuracy_scale(end for each in comparison.contestants for end in _ends(each.interval)),
        differences=difference_scale(end for pair in comparison.pairs for end in _ends(pair.interval)),
        groups=gallery(comparison, pictures),
        shown=len(pictures),
        splits=disagreement_patterns(comparison),
        now=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def gallery(comparison: Comparison, pictures: Mapping[int, Images]) -> list[Group]:
    """Group the images on which predictions differ by the networks that are correct: largest group first, none correct last."""
    indices = comparison.disagreements
    correct = comparison.answers[:, indices] == comparison.labels[indices]
    patterns = [tuple(np.flatnonzero(column).tolist()) for column in correct.T]
    totals = Counter(patterns)
    order = sorted(totals, key=lambda pattern: (not pattern, -totals[pattern], pattern))
    return [
        Group(
            _group_title(comparison, pattern),
            totals[pattern],
            tuple(
                _tile(comparison, int(index), pictures[int(index)])
                for index, own in zip(indices, patterns, strict=True)
                if own == pattern and int(index) in pictures
            ),
        )
        for pattern in order
    ]


def disagreement_patterns(comparison: Comparison) -> list[tuple[str, tuple[str, ...], int]]:
    """Return the most frequent differing predictions: true class, the prediction of each run, number of images."""
    indices = comparison.disagreements
    found = Counter(
        zip(comparison.labels[indices].tolist(), map(tuple, comparison.answers[:, indices].T.tolist()), strict=True)
    )
    names = comparison.class_names
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAX_SPLITS]
    return [(names[true], tuple(names[answer] for answer in answers), count) for (true, answers), count in ranked]


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _group_title(comparison: Comparison, pattern: Sequence[int]) -> str:
    names = [numbers.name(comparison.contestants[place].name) for place in pattern]
    if not names:
        return "None correct, with different predictions"
    return f"Only {join_words(names)} correct"


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
    return Tile(place, image_data_uri(image), width * factor, height * factor, names[true], answers)


@cache
def _environment() -> Environment:
    return make_environment(numbers=numbers, words=comparison_text)
