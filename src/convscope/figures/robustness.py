"""Accuracy under every kind of corruption and at every strength, as a table whose cells are coloured by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..formatting import percent
from .canvas import NAME_SPACE, Sheet, in_theme, room_for
from .illustration import Illustration
from .mosaic import coloured
from .scale import SCALE_HEIGHT, draw_scale, text_on
from .theme import INK, MUTED, SEQUENTIAL, SMALL_SIZE, TEXT_SIZE

HEAD, ROW, CELL = 0.42, 0.29, 0.82
GAP = 0.2
"""Between the cells of the strengths and those of the mean, and before the scale; in inches."""
MEAN = 1.55
"""Width of the column of means with their intervals."""

Kind = Mapping[str, Any]


@in_theme
def draw_robustness(metrics: Mapping[str, Any]) -> Illustration:
    """``metrics["robustness"]``: a row per kind, the one that costs most on top; a column per strength, and the mean with its
    interval of 95%."""
    robustness = metrics["robustness"]
    kinds = sorted(robustness["kinds"], key=lambda kind: kind["accuracy"])
    title = _title(robustness)
    left = room_for(kind["title"] for kind in kinds)
    strengths = len(kinds[0]["strengths"])
    bottom = HEAD + ROW * len(kinds)
    sheet = Sheet(title, bottom + GAP + SCALE_HEIGHT)
    values = np.array([[cell["accuracy"] for cell in kind["strengths"]] for kind in kinds])
    tints = coloured(values, SEQUENTIAL, 0.0, 1.0)
    sheet.picture(tints, (left, HEAD, CELL * strengths, ROW * len(kinds)))
    _write_heads(sheet, left, strengths)
    for row, kind in enumerate(kinds):
        middle = HEAD + (row + 0.5) * ROW
        sheet.text(left - NAME_SPACE, middle, kind["title"], fontsize=TEXT_SIZE, ha="right", va="center_baseline")
        for column, value in enumerate(values[row]):
            sheet.text(left + (column + 0.5) * CELL, middle, f"{100 * value:.1f}", fontsize=TEXT_SIZE, ha="center",
                       va="center_baseline", color=text_on(tints[row, column]))  # fmt: skip
        _write_mean(sheet, kind, left + CELL * strengths + GAP, middle)
    draw_scale(sheet, (left, bottom + GAP), SEQUENTIAL, (0, 100), f"accuracy in % of {robustness['n']:,} test images")
    return Illustration("robustness", title, _reading(robustness), _alternative(kinds, robustness), sheet.figure)


def _title(robustness: Mapping[str, Any]) -> str:
    mean, clean, worst = robustness["mean"]["accuracy"], robustness["clean"]["accuracy"], robustness["worst"]
    start = f"Corrupted images take the accuracy from {percent(clean, 1)} to {percent(mean, 1)} on average"
    if worst is None:
        return f"{start}; no kind is the worst by more than chance"
    kind = next(each for each in robustness["kinds"] if each["kind"] == worst)
    return f"{start}; {kind['title']} costs most and leaves {percent(kind['accuracy'], 1)}"


def _reading(robustness: Mapping[str, Any]) -> str:
    which = "all" if robustness["n"] == robustness["test_images"] else "a sample, in proportion to the classes, of the"
    return (
        "A row per kind of corruption, a column per strength from weak to strong; the kinds are MNIST-C's, the middle strength is "
        "near its own (of fog the last one is). Each cell is the accuracy on "
        f"{which} {robustness['test_images']:,} test images, and the mean of a row has its 95% interval."
    )


def _alternative(kinds: Sequence[Kind], robustness: Mapping[str, Any]) -> str:
    clean = robustness["clean"]
    rows = " ".join(f"{kind['title']}: {_row(kind)}" for kind in kinds)
    return f"As they are: {percent(clean['accuracy'], 1)} of {robustness['n']:,}. In per cent, from weak to strong: {rows}"


def _row(kind: Kind) -> str:
    cells = ", ".join(f"{100 * cell['accuracy']:.1f}" for cell in kind["strengths"])
    low, high = (percent(end, 1) for end in kind["interval"])
    return f"{cells}, mean {percent(kind['accuracy'], 1)} ({low} to {high})."


def _write_heads(sheet: Sheet, left: float, strengths: int) -> None:
    sheet.text(left + CELL * strengths / 2, 0.1, "strength", fontsize=SMALL_SIZE, color=MUTED, ha="center")
    for column in range(strengths):
        sheet.text(left + (column + 0.5) * CELL, HEAD - 0.1, str(column + 1), fontsize=SMALL_SIZE, color=MUTED, ha="center")
    sheet.text(
        left + CELL * strengths + GAP + MEAN, HEAD - 0.1, "mean, 95% interval", fontsize=SMALL_SIZE, color=MUTED, ha="right"
    )


def _write_mean(sheet: Sheet, kind: Kind, left: float, middle: float) -> None:
    low, high = (100 * end for end in kind["interval"])
    sheet.text(left + 0.45, middle, f"{100 * kind['accuracy']:.1f}", fontsize=TEXT_SIZE, color=INK, ha="right",
               va="center_baseline")  # fmt: skip
    sheet.text(left + MEAN, middle, f"{low:.1f}–{high:.1f}", fontsize=SMALL_SIZE, color=MUTED, ha="right",
               va="center_baseline")  # fmt: skip
