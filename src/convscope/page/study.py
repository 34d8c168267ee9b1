"""The page of a study: one self-contained HTML file without a script, in the style of a run's report."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment

from ..types import Images
from . import study_charts
from .environment import accuracy_scale, difference_scale, make_environment, picture_tile, render_without_script
from .text import numbers, study

PICTURE_SIDE = 56
"""Largest side, in CSS pixels, to which a small image is enlarged by a whole factor."""
MAX_PICTURE = 112
"""Largest side, in CSS pixels; larger images are scaled down."""


def render_study(results: Mapping[str, Any], request: Mapping[str, Any], pictures: Mapping[int, Images]) -> str:
    """Return the page as text, to be written as UTF-8, from the contents of ``study-results.json`` and ``study.json``.

    ``pictures`` are the hardest images (h, w, c) uint8 by their indices in the test split, as many as the page shows.
    """
    results = _with_short_names(results)
    rows, comparisons = results["table"], results["comparisons"]
    return render_without_script(
        "study",
        _environment(),
        results=results,
        request=request,
        rows=rows,
        accuracies=accuracy_scale(value for row in rows for value in (*row["accuracies"], *(row["interval"] or ()))),
        differences=difference_scale(end for pair in comparisons for end in pair["interval"]) if comparisons else None,
        curves=study_charts.draw_curves(results["curves"]),
        tiles=[
            {**each, **picture_tile(pictures[each["index"]], PICTURE_SIDE, MAX_PICTURE)}
            for each in results["hard_images"]
            if each["index"] in pictures
        ],
    )


def _with_short_names(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``results`` with configurations named by their model alone if all share one recipe."""
    rows = results["table"]
    if len({row["recipe"] for row in rows}) > 1:
        return {**results, "recipe": None}
    short = {row["name"]: row["model"] for row in rows}
    return {
        **results,
        "recipe": rows[0]["recipe"],
        "table": [{**row, "name": short[row["name"]]} for row in rows],
        "comparisons": [
            {**pair, "first": short[pair["first"]], "second": short[pair["second"]]} for pair in results["comparisons"]
        ],
        "curves": [{**curve, "name": short[curve["name"]]} for curve in results["curves"]],
        "steepest_curve": short.get(results["steepest_curve"]),
    }


@cache
def _environment() -> Environment:
    return make_environment(numbers=numbers, words=study, charts=study_charts)
