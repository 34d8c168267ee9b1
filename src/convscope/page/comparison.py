"""The page of a comparison: one self-contained HTML file without a script, in the style of a run's report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment

from ..analysis import comparison_text
from ..analysis.comparison import Comparison
from ..formatting import join_words
from ..types import Images
from .environment import accuracy_scale, difference_scale, make_environment, picture_tile, render_without_script
from .text import numbers

PICTURE_SIDE = 84
"""Largest side, in CSS pixels, to which a small image is enlarged by a whole factor."""
MAX_SPLITS = 12
"""Rows in the table of differing predictions."""


def render_comparison(comparison: Comparison, pictures: Mapping[int, Images]) -> str:
    """Return the page as text, to be written as UTF-8.

    ``pictures`` are images (h, w, c) uint8 by their indices in the test split; those without one are left out of the gallery.
    """
    return render_without_script(
        "comparison",
        _environment(),
        comparison=comparison,
        conclusion=comparison_text.verdict(comparison),
        accuracies=accuracy_scale(end for each in comparison.contestants for end in each.interval),
        differences=difference_scale(end for pair in comparison.pairs for end in pair.interval),
        groups=gallery(comparison, pictures),
        shown=len(pictures),
        splits=disagreement_patterns(comparison),
        now=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def gallery(comparison: Comparison, pictures: Mapping[int, Images]) -> list[dict[str, Any]]:
    """Group the images on which predictions differ by the networks that are correct: largest group first, none correct last."""
    indices = comparison.disagreements
    correct = comparison.answers[:, indices] == comparison.labels[indices]
    patterns = [tuple(np.flatnonzero(column).tolist()) for column in correct.T]
    totals = Counter(patterns)
    groups = []
    for pattern in sorted(totals, key=lambda pattern: (not pattern, -totals[pattern], pattern)):
        own = [
            index for index, each in zip(indices.tolist(), patterns, strict=True) if each == pattern and index in pictures
        ]
        tiles = [_tile(comparison, index, pictures[index]) for index in own]
        groups.append({"title": _group_title(comparison, pattern), "total": totals[pattern], "tiles": tiles})
    return groups


def disagreement_patterns(comparison: Comparison) -> list[tuple[str, tuple[str, ...], int]]:
    """Return the most frequent differing predictions: true class, the prediction of each run, number of images."""
    indices = comparison.disagreements
    found = Counter(
        zip(comparison.labels[indices].tolist(), map(tuple, comparison.answers[:, indices].T.tolist()), strict=True)
    )
    names = comparison.class_names
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAX_SPLITS]
    return [(names[true], tuple(names[answer] for answer in answers), count) for (true, answers), count in ranked]


def _group_title(comparison: Comparison, pattern: Sequence[int]) -> str:
    names = [numbers.name(comparison.contestants[place].name) for place in pattern]
    if not names:
        return "None correct, with different predictions"
    return f"Only {join_words(names)} correct"


def _tile(comparison: Comparison, index: int, image: Images) -> dict[str, Any]:
    names, true = comparison.class_names, int(comparison.labels[index])
    predicted, confidence = comparison.answers[:, index].tolist(), comparison.confidence[:, index].tolist()
    answers = [
        {"run": run.name, "class_name": names[label], "confidence": sure, "right": label == true}
        for run, label, sure in zip(comparison.contestants, predicted, confidence, strict=True)
    ]
    return {"index": index, "true": names[true], "answers": answers, **picture_tile(image, PICTURE_SIDE)}


@cache
def _environment() -> Environment:
    return make_environment(numbers=numbers, words=comparison_text)
