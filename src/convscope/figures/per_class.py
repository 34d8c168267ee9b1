"""Recall and precision by class."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from ..analysis.classification import ClassScore
from ..analysis.evaluation import Evaluation
from ..analysis.statistics.paired import LEVEL
from ..formatting import p_value, percent
from .canvas import NAME_SPACE, FigureCanvas, in_theme, names_width
from .figure import Illustration
from .text import label, quoted
from .theme import ACCENT, BACKGROUND, INK, MUTED, SMALL_SIZE, TEST, TEXT_SIZE

RIGHT, HEAD, FOOT = 5.15, 0.36, 0.3
COLUMNS = (("recall", 5.85), ("precision", 6.7), ("images", 7.5))
"""Headings of the table and their right edges."""
MAX_CLASSES = 100


@in_theme
def draw_per_class(evaluation: Evaluation) -> Illustration:
    """Draw recall (Wilson 95% CI) and precision by class, highest recall first."""
    scores = [score for score in evaluation.class_scores if score.support]
    ranked = sorted(scores, key=lambda score: -score.recall)[-MAX_CLASSES:]
    title = _title(ranked[0], ranked[-1], len(scores), evaluation.confusion.recall_p)
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
        " ".join(f"{quoted(score.class_name)}: recall {percent(score.recall)} ({percent(score.recall_interval.low)} to "
                 f"{percent(score.recall_interval.high)}), precision {percent(score.precision)} "
                 f"({percent(score.precision_interval.low)} to {percent(score.precision_interval.high)}), {score.support:,} images."
                 for score in ranked),
        canvas.figure,
    )  # fmt: skip


def _title(best: ClassScore, worst: ClassScore, classes: int, p: float) -> str:
    if best.recall == worst.recall:
        return f"Each of the {classes} classes has a recall of {percent(best.recall)}"
    result = "the classes differ" if p <= LEVEL else "no difference between the classes is shown"
    return (f"Recall ranges from {percent(worst.recall)} for {quoted(worst.class_name)} to {percent(best.recall)} for "
            f"{quoted(best.class_name)}; {result} (permutation test, p {p_value(p)})")  # fmt: skip


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
        cells = (percent(score.recall), percent(score.precision), f"{score.support:,}")
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
