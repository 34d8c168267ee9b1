"""The confusion matrix, on a colour scale for errors."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from ..analysis.classification import Confusion
from ..analysis.findings.accuracy import is_most_frequent
from ..formatting import count_of
from .canvas import FigureCanvas, in_theme, text_width
from .color_scale import SCALE_HEIGHT, draw_scale, text_on
from .figure import Illustration
from .mosaic import Pixels, coloured
from .text import label, quoted
from .theme import ERRORS, INK, MARGIN, MUTED, RULE, SMALL_SIZE, TEXT_SIZE, WIDTH

MAX_NUMBERS = 20
"""Largest number of classes at which every cell shows its number."""
MAX_LABELS = 50
MAX_SIDE, MAX_CELL, MIN_FONT = 6.4, 0.9, 5.5
PALEST = 0.12
"""Start of the colour scale: a single error must differ from none."""


@in_theme
def draw_confusion_matrix(confusion: Confusion) -> Illustration:
    """Draw the confusion matrix: rows are true classes, columns predicted ones."""
    # Only errors are coloured: correct predictions, a hundred times as many, would take the whole scale.
    size = len(confusion.counts)
    names = [label(name, 14) for name in confusion.class_names]
    font = min(TEXT_SIZE, max(MIN_FONT, 72 * MAX_SIDE / min(size, MAX_LABELS) / 1.4))
    longest = max(text_width(name, font) for name in names)
    left = longest + 0.42
    side = min(MAX_SIDE, MAX_CELL * size, WIDTH - 2 * MARGIN - left)
    upright = longest > side / size * 0.95
    below = (longest if upright else 0.14) + 0.42
    title = _title(confusion)
    canvas = FigureCanvas(title, side + below + SCALE_HEIGHT)
    axes = canvas.axes(left, 0, side, side)
    _draw_cells(axes, confusion)
    _draw_names(axes, names, font, upright=upright)
    largest = int(_errors(confusion).max())
    caption = f"{'errors per cell' if largest else 'no errors'}; grey cells are correct predictions"
    draw_scale(canvas, (left, side + below), ERRORS, (0, max(largest, 1)), caption, start=PALEST)
    return Illustration(
        "confusion_matrix", title,
        "Rows are true classes, columns predicted classes. Cells on the diagonal count correct predictions, all others errors"
        f"{'' if size <= MAX_NUMBERS else '; cells without a colour are 0'}.",
        _alternative(confusion),
        canvas.figure,
    )  # fmt: skip


def _errors(confusion: Confusion) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return confusion.counts * (1 - np.eye(len(confusion.counts), dtype=np.int64))


def _title(confusion: Confusion) -> str:
    if not confusion.errors:
        return f"All {confusion.total:,} test images are classified correctly"
    pairs = confusion.pairs(2)
    first = pairs[0]
    errors = (
        f"{confusion.errors:,} of {confusion.total:,} test images {'is' if confusion.errors == 1 else 'are'} misclassified"
    )
    names = f"{quoted(first.true)} predicted as {quoted(first.predicted)}"
    pair = f"{names}: {first.count:,} of {count_of(first.support, 'image')}"
    if confusion.errors == 1:
        return f"{errors}: {names}"
    if len(pairs) > 1 and pairs[1].count == first.count:
        return f"{errors}; no confusion is more frequent than all others"
    if is_most_frequent([each.count for each in pairs]):
        return f"{errors}, most often {pair}"
    return f"{errors}, most often {pair}; none stands out significantly"


def _alternative(confusion: Confusion) -> str:
    pairs = confusion.pairs(20)
    most_frequent = "; ".join(
        f"{quoted(pair.true)} predicted as {quoted(pair.predicted)} {pair.count} of {pair.support:,}" for pair in pairs
    )
    hits = ", ".join(f"{quoted(name)} {confusion.counts[i, i]:,} of {confusion.counts[i].sum():,}"
                     for i, name in enumerate(confusion.class_names))  # fmt: skip
    return f"Correct predictions by class: {hits}. " + (f"Most frequent errors: {most_frequent}." if pairs else "No errors.")


def _draw_cells(axes: Axes, confusion: Confusion) -> None:
    counts, errors = confusion.counts, _errors(confusion)
    size = len(counts)
    tints = coloured(PALEST + (1 - PALEST) * errors / max(int(errors.max()), 1), ERRORS, 0.0, 1.0)
    tints[errors == 0] = 0
    axes.imshow(tints, extent=(-0.5, size - 0.5, size - 0.5, -0.5), aspect="auto", zorder=1)
    diagonal = [Rectangle((i - 0.5, i - 0.5), 1, 1) for i in range(size)]
    axes.add_collection(PatchCollection(diagonal, facecolor=RULE, edgecolor="none"), autolim=False)
    lines = np.arange(size + 1) - 0.5
    width = 0.6 if size <= MAX_LABELS else 0.2
    axes.hlines(lines, -0.5, size - 0.5, color=RULE, linewidth=width, clip_on=False)
    axes.vlines(lines, -0.5, size - 0.5, color=RULE, linewidth=width, clip_on=False)
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5))
    if size <= MAX_NUMBERS:
        _write_numbers(axes, confusion, tints)


def _write_numbers(axes: Axes, confusion: Confusion, tints: Pixels) -> None:
    size = len(confusion.counts)
    font = TEXT_SIZE if size <= 12 else SMALL_SIZE - 1.5
    for (true, predicted), amount in np.ndenumerate(confusion.counts):
        is_correct = true == predicted
        colour = INK if is_correct else MUTED if amount == 0 else text_on(tints[true, predicted])
        axes.text(predicted, true, f"{amount:,}" if size <= 12 else str(amount), ha="center", va="center_baseline",
                  color=colour, fontsize=font if amount or is_correct else font - 1.5,
                  fontweight="bold" if amount and not is_correct else "normal")  # fmt: skip


def _draw_names(axes: Axes, names: list[str], font: float, *, upright: bool) -> None:
    shown = range(0, len(names), -(-len(names) // MAX_LABELS))
    chosen = [names[index] for index in shown]
    axes.set_xticks(list(shown), chosen, fontsize=font, color=INK, rotation=90 if upright else 0)
    axes.set_yticks(list(shown), chosen, fontsize=font, color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("Predicted labels", fontsize=TEXT_SIZE)
    axes.set_ylabel("True labels", fontsize=TEXT_SIZE)
