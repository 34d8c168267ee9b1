"""Accuracy by corruption and strength, as a heat map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..formatting import percent
from .canvas import NAME_SPACE, SCALE_HEIGHT, FigureCanvas, draw_scale, in_theme, names_width
from .figure import Illustration
from .mosaic import coloured, text_on
from .theme import INK, MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE

HEAD, ROW, CELL = 0.42, 0.29, 0.82
GAP = 0.2
"""Inches between the cells and the means, and above the colour scale."""
MEAN = 1.55
"""Width of the column of means in inches."""
Kind = Mapping[str, Any]


@in_theme
def draw_robustness(metrics: Mapping[str, Any]) -> Illustration:
    """Draw a row per corruption, lowest accuracy first, with a column per strength and the mean with its 95% CI."""
    robustness = metrics["robustness"]
    kinds = sorted(robustness["kinds"], key=lambda kind: kind["accuracy"])
    title = _title(robustness)
    left = names_width(kind["title"] for kind in kinds)
    strengths = len(kinds[0]["strengths"])
    bottom = HEAD + ROW * len(kinds)
    canvas = FigureCanvas(title, bottom + GAP + SCALE_HEIGHT)
    values = np.array([[cell["accuracy"] for cell in kind["strengths"]] for kind in kinds])
    tints = coloured(values, SEQUENTIAL, 0.0, 1.0)
    canvas.image(tints, (left, HEAD, CELL * strengths, ROW * len(kinds)))
    _write_heads(canvas, left, strengths)
    for row, kind in enumerate(kinds):
        middle = HEAD + (row + 0.5) * ROW
        canvas.cell(left - NAME_SPACE, middle, kind["title"], fontsize=TEXT_SIZE, ha="right")
        for column, value in enumerate(values[row]):
            canvas.cell(left + (column + 0.5) * CELL, middle, f"{100 * value:.1f}", fontsize=TEXT_SIZE, ha="center",
                        color=text_on(tints[row, column]))  # fmt: skip
        _write_mean(canvas, kind, left + CELL * strengths + GAP, middle)
    draw_scale(canvas, (left, bottom + GAP), SEQUENTIAL, (0, 100), f"accuracy in % on {robustness['n']:,} test images")
    return Illustration("robustness", title, _reading(robustness), _alternative(kinds, robustness), canvas.figure)


def _title(robustness: Mapping[str, Any]) -> str:
    mean, clean, worst = robustness["mean"]["accuracy"], robustness["clean"]["accuracy"], robustness["worst"]
    start = f"Corruptions reduce accuracy from {percent(clean, 1)} to {percent(mean, 1)} on average"
    if worst is None:
        return f"{start}; which corruption is worst is not shown"
    kind = next(each for each in robustness["kinds"] if each["kind"] == worst)
    return f"{start}; {kind['title']} is worst at {percent(kind['accuracy'], 1)}"


def _reading(robustness: Mapping[str, Any]) -> str:
    which = "all" if robustness["n"] == robustness["test_images"] else f"a stratified sample of {robustness['n']:,} of the"
    return (
        "Rows are the corruptions of MNIST-C, columns strengths from weak to strong; MNIST-C's own strength is near the middle one "
        "(for fog, the last). Each cell is the accuracy on "
        f"{which} {robustness['test_images']:,} test images; the mean of a row has its 95% CI."
    )


def _alternative(kinds: Sequence[Kind], robustness: Mapping[str, Any]) -> str:
    clean = robustness["clean"]
    rows = " ".join(f"{kind['title']}: {_row(kind)}" for kind in kinds)
    return f"Clean images: {percent(clean['accuracy'], 1)} of {robustness['n']:,}. Accuracy in percent, from weak to strong: {rows}"


def _row(kind: Kind) -> str:
    cells = ", ".join(f"{100 * cell['accuracy']:.1f}" for cell in kind["strengths"])
    low, high = (percent(end, 1) for end in kind["interval"])
    return f"{cells}, mean {percent(kind['accuracy'], 1)} ({low} to {high})."


def _write_heads(canvas: FigureCanvas, left: float, strengths: int) -> None:
    canvas.note(left + CELL * strengths / 2, 0.1, "strength", ha="center")
    for column in range(strengths):
        canvas.note(left + (column + 0.5) * CELL, HEAD - 0.1, str(column + 1), ha="center")
    canvas.note(left + CELL * strengths + GAP + MEAN, HEAD - 0.1, "mean, 95% CI", ha="right")


def _write_mean(canvas: FigureCanvas, kind: Kind, left: float, middle: float) -> None:
    low, high = (100 * end for end in kind["interval"])
    canvas.cell(left + 0.45, middle, f"{100 * kind['accuracy']:.1f}", fontsize=TEXT_SIZE, color=INK, ha="right")
    canvas.cell(left + MEAN, middle, f"{low:.1f}–{high:.1f}", fontsize=SMALL_SIZE, color=MUTED, ha="right")
