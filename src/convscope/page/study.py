"""The page of a study: one file without a script, in the dress of a run's report."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._version import __version__
from ..figures.png import png_bytes
from ..types import Images
from . import formats, study_charts, study_verdicts, study_words
from .policy import content_security_policy

TEMPLATES, CSS = (Path(__file__).with_name(name) for name in ("templates", "css"))
PICTURE_SIDE = 56
"""Pixels of the page that a small image is enlarged to, at most, by a whole factor."""
LARGEST_PICTURE = 112
"""Larger ones are shown smaller than they are."""
DOTS_PER_INCH = 96.0


def render_study(results: Mapping[str, Any], request: Mapping[str, Any], pictures: Mapping[int, Images]) -> str:
    """The page as text, to be written as UTF-8. ``results``: ``study-results.json``; ``request``: ``study.json``;
    ``pictures``: images (h, w, c) uint8 by their places in the test split, as many of the hardest as are to be shown."""
    results = _with_short_names(results)
    style = "\n".join(path.read_text("utf-8") for path in (CSS / "base.css", CSS / "study.css"))
    if "</style" in style.lower():
        raise ValueError("the style sheet holds '</style', which would end its element; it must not")
    return _environment().get_template("study.html").render(
        results=results,
        request=request,
        rows=results["table"],
        accuracies=study_charts.line_of_accuracies(results["table"]),
        differences=study_charts.line_of_differences(results["comparisons"]) if results["comparisons"] else None,
        curves=study_charts.draw_curves(results["curves"]),
        tiles=[_tile(each, pictures[each["index"]]) for each in results["hard_images"] if each["index"] in pictures],
        policy=content_security_policy([], [style]),
        style=Markup(style),  # noqa: S704 - ours, and checked above
        version=__version__,
    )  # fmt: skip


def _with_short_names(results: Mapping[str, Any]) -> dict[str, Any]:
    """Configurations by their model alone, where all have one recipe."""
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


def _tile(hard: Mapping[str, Any], image: Images) -> dict[str, Any]:
    height, width = image.shape[:2]
    factor = max(1, PICTURE_SIDE // max(height, width))
    shrink = min(1.0, LARGEST_PICTURE / max(height, width))
    size = {"width": round(width * factor * shrink), "height": round(height * factor * shrink)}
    return {**hard, **size, "source": _data_address(image)}


def _data_address(image: Images) -> str:
    """Three channels, as they are or the first one repeated."""
    colours = image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)
    content = png_bytes(np.ascontiguousarray(colours), dots_per_inch=DOTS_PER_INCH, title="")
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(formats=formats, words=study_words, verdicts=study_verdicts, charts=study_charts)
    return environment
