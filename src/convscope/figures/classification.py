"""Figures of the classification: the confusion matrix, on a colour scale for errors, and recall and precision by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from ..analysis.classification import ClassScore, Confusion
from ..analysis.evaluation import Evaluation
from ..analysis.findings.accuracy import is_most_frequent
from ..analysis.statistics.paired import LEVEL
from ..analysis.statistics.proportions import is_measured
from ..formatting import count_of, p_value, percent, shorten_list
from .canvas import NAME_SPACE, SCALE_HEIGHT, FigureCanvas, draw_scale, in_theme, names_width, text_width
from .figure import Illustration
from .mosaic import Pixels, coloured, text_on
from .text import label, quoted
from .theme import ACCENT, BACKGROUND, ERRORS, INK, MARGIN, MUTED, RULE, SMALL_SIZE, TEST, TEXT_SIZE, WIDTH

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
        if confusion.total == 1:
            return "The only test image is classified correctly"
        return f"All {confusion.total:,} test images are classified correctly"
    pairs = confusion.pairs(2)
    first = pairs[0]
    verb = "is" if confusion.errors == 1 else "are"
    errors = f"{confusion.errors:,} of {count_of(confusion.total, 'test image')} {verb} misclassified"
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


RIGHT, HEAD, FOOT = 5.15, 0.36, 0.3
COLUMNS = (("recall", 5.85), ("precision", 6.7), ("images", 7.5))
"""Headings of the table and their right edges."""
MAX_CLASSES = 100


@in_theme
def draw_per_class(evaluation: Evaluation) -> Illustration:
    """Draw recall (Wilson 95% CI) and precision by class, highest recall first."""
    scores = [score for score in evaluation.class_scores if score.support]
    ranked = sorted(scores, key=lambda score: -score.recall)[-MAX_CLASSES:]
    title = _recall_title(scores, evaluation.confusion.recall_p)
    step = 0.29 if len(ranked) <= 30 else 0.15
    canvas = FigureCanvas(title, HEAD + len(ranked) * step + FOOT)
    left = names_width(label(score.class_name, 14) for score in ranked)
    axes = canvas.axes(left, HEAD, RIGHT - left, len(ranked) * step)
    _draw_marks(axes, ranked, evaluation.accuracy)
    _write_table(canvas, ranked, left, step)
    _draw_key(canvas, left, evaluation.accuracy)
    cut = (
        f" The {len(ranked)} of {len(scores)} classes with the lowest recall are shown." if len(ranked) < len(scores) else ""
    )
    return Illustration(
        "per_class", title,
        "Recall is the share of a class that is predicted correctly, with its 95% CI as a line; precision is the share of the "
        f"predictions of a class that are correct. The scale does not start at zero.{cut}",
        " ".join(map(_in_words, ranked)),
        canvas.figure,
    )  # fmt: skip


def _in_words(score: ClassScore) -> str:
    low, high = map(percent, score.recall_interval)
    precision = "never predicted"
    if is_measured(score.precision_interval):
        ends = " to ".join(map(percent, score.precision_interval))
        precision = f"precision {percent(score.precision)} ({ends})"
    recall = f"recall {percent(score.recall)} ({low} to {high})"
    return f"{quoted(score.class_name)}: {recall}, {precision}, {count_of(score.support, 'image')}."


def _recall_title(scores: Sequence[ClassScore], p: float) -> str:
    lowest, highest = (choose(score.recall for score in scores) for choose in (min, max))
    if lowest == highest:
        which = (
            f"Each of the {len(scores)} classes"
            if len(scores) > 1
            else f"The only class with test images, {scores[0].class_name},"
        )
        return f"{which} has a recall of {percent(lowest)}"
    result = "the classes differ" if p <= LEVEL else "no difference between the classes is shown"
    worst, best = (
        shorten_list([quoted(score.class_name) for score in scores if score.recall == recall], 1)
        for recall in (lowest, highest)
    )
    return (f"Recall ranges from {percent(lowest)} for {worst} to {percent(highest)} for {best}; {result} (permutation test, p "
            f"{p_value(p)})")  # fmt: skip


def _draw_marks(axes: Axes, scores: Sequence[ClassScore], accuracy: float) -> None:
    rows = range(len(scores))
    lowest = min(min(score.recall_interval.low, score.precision if score.precision else 1.0) for score in scores)
    axes.hlines(rows, [score.recall_interval.low for score in scores], [score.recall_interval.high for score in scores],
                color=TEST, linewidth=2.2)  # fmt: skip
    axes.plot([score.precision for score in scores], rows, linestyle="none", marker="D", markersize=5.5, markerfacecolor=BACKGROUND,
              markeredgecolor=ACCENT, markeredgewidth=1.3, label="precision")  # fmt: skip
    axes.plot([score.recall for score in scores], rows, linestyle="none", marker="o", markersize=6, color=TEST,
              markeredgecolor=BACKGROUND, markeredgewidth=0.6, label="recall", clip_on=False)  # fmt: skip
    axes.axvline(accuracy, color=MUTED, linewidth=0.9, linestyle=":", zorder=0)
    margin = 0.03 * (1 - lowest) or 0.01
    axes.set(xlim=(max(0.0, lowest - margin), 1 + margin), ylim=(len(scores) - 0.4, -0.6))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:.4g}%")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _write_table(canvas: FigureCanvas, scores: Sequence[ClassScore], left: float, step: float) -> None:
    font = TEXT_SIZE if step > 0.2 else SMALL_SIZE - 1
    for head, right in COLUMNS:
        canvas.note(right, 0.12, head, ha="right")
    extent = len(scores)
    for row, score in enumerate(scores):
        middle = HEAD + (row + 0.6) * step * extent / (extent + 0.2)
        canvas.cell(left - NAME_SPACE, middle, label(score.class_name, 14), fontsize=font, ha="right")
        precision = percent(score.precision) if is_measured(score.precision_interval) else "–"
        cells = (percent(score.recall), precision, f"{score.support:,}")
        for text, (_, right) in zip(cells, COLUMNS, strict=True):
            canvas.cell(right, middle, text, fontsize=font, color=INK, ha="right")


def _draw_key(canvas: FigureCanvas, start: float, accuracy: float) -> None:
    axes = canvas.shared_axes
    axes.plot([start, start + 0.3], [0.08, 0.08], color=TEST, linewidth=2.2)
    axes.plot([start + 0.15], [0.08], marker="o", markersize=6, color=TEST, markeredgecolor=BACKGROUND, markeredgewidth=0.6)
    axes.plot([start + 1.82], [0.08], marker="D", markersize=5.5, markerfacecolor=BACKGROUND, markeredgecolor=ACCENT,
               markeredgewidth=1.3)  # fmt: skip
    axes.plot([start + 2.74] * 2, [0.0, 0.17], color=MUTED, linewidth=0.9, linestyle=":")
    for left, text in ((0.38, "recall, 95% CI"), (1.93, "precision"), (2.83, f"all classes {percent(accuracy)}")):
        canvas.note(start + left, 0.12, text)
