"""What leaving the least sure images aside does for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..analysis.coverage import RiskCoverageCurve, risk_coverage_curve
from ..analysis.doubt import confidence_and_correct
from ..analysis.evaluation import Evaluation
from ..formatting import percent
from .canvas import Sheet, in_theme
from .illustration import Illustration
from .theme import ACCENT, INK, MUTED, PAPER, SMALL_SIZE, TEST, TEXT_SIZE
from .wording import rounded_share

LEFT, WIDTH, HEIGHT, BOTTOM = 0.62, 3.9, 2.9, 0.44
COLUMNS = (("wanted", 5.25), ("confidence", 6.05), ("answered", 6.75), ("right", 7.55))
POINTS = 300
"""Of the curve: more would not be seen."""
FEW, ROOM = 0.05, 0.05
"""The scale begins where so small a share of the errors is left, or of the thresholds, with some room."""


@in_theme
def draw_coverage(evaluation: Evaluation, doubt: Mapping[str, Any]) -> Illustration:
    """Share of errors over the share of images that are answered, the surest first; and the thresholds that were chosen on
    other images. ``doubt``: that of the metrics."""
    curve = risk_coverage_curve(*confidence_and_correct(evaluation.logits, evaluation.labels, doubt["temperature"] or 1.0))
    chosen = [each for each in doubt["thresholds"] if each["test"]["answered"]]
    title = _title(curve, chosen)
    sheet = Sheet(title, HEIGHT + BOTTOM)
    axes = sheet.axes(LEFT, 0, WIDTH, HEIGHT)
    _draw_curve(axes, curve, chosen)
    _write_table(sheet, doubt, chosen)
    return Illustration(
        "coverage", title,
        "From right to left, more of the images are left aside of which the network is the least sure: the line is the share of "
        "errors among the rest; dotted, were all errors among those left aside; diamonds are thresholds that were chosen on "
        f"{doubt['selected_on']} images, with their 95% intervals here.",
        _in_words(curve, chosen),
        sheet.figure,
    )  # fmt: skip


def _title(curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> str:
    n = len(curve.accuracy)
    if curve.accuracy[-1] == 1:
        return f"No error among {n:,} test images: nothing is gained by leaving any aside"
    half = 1 - (1 - float(curve.accuracy[-1])) / 2
    good = np.flatnonzero(curve.accuracy >= half)
    if not len(good):
        return (
            f"{percent(curve.accuracy[-1])} right on all {n:,} test images, and not half the errors whatever is left aside"
        )
    return (f"The errors, {percent(1 - curve.accuracy[-1])} of all {n:,} test images, are halved among the surest "
            f"{percent((int(good[-1]) + 1) / n, 1)}")  # fmt: skip


def _draw_curve(axes: Axes, curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> None:
    n = len(curve.accuracy)
    places = np.unique(np.linspace(0, n - 1, POINTS).astype(np.int64))
    error = 1 - curve.accuracy
    numbers = places + 1
    best = np.maximum(numbers - round(float(curve.accuracy[-1]) * n), 0) / numbers
    start = _start(curve, chosen)
    shown = curve.coverage[places] >= start
    axes.plot(curve.coverage[places][shown], best[shown], color=MUTED, linewidth=1.0, linestyle=":")
    axes.plot(curve.coverage[places][shown], error[places][shown], color=TEST, linewidth=1.8)
    for each in chosen:
        test = each["test"]
        axes.vlines([test["coverage"]], 1 - test["interval"][1], 1 - test["interval"][0], color=ACCENT, linewidth=1.6)
    axes.plot([each["test"]["coverage"] for each in chosen], [1 - each["test"]["accuracy"] for each in chosen], linestyle="none",
              marker="D", markersize=5.5, color=ACCENT, markeredgecolor=PAPER, markeredgewidth=0.6, clip_on=False)  # fmt: skip
    top = max(float(error[places][shown].max(initial=0)), *(1 - each["test"]["interval"][0] for each in chosen), 1 / n)
    axes.set(xlim=(start, 1), ylim=(0, 1.08 * top))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:.4g}%")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:.3g}%")
    axes.locator_params(nbins=6)
    axes.set_xlabel("Share of the images that is answered", fontsize=TEXT_SIZE)
    axes.set_ylabel("Errors among these", fontsize=TEXT_SIZE)
    axes.tick_params(length=3)
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _start(curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> float:
    error = 1 - curve.accuracy
    few = np.flatnonzero(error <= FEW * error[-1])
    start = float(curve.coverage[few[-1]]) if len(few) else 0.0
    shares: list[float] = [each["test"]["coverage"] for each in chosen]
    return max(min([start, 0.95, *shares]) - ROOM, 0.0)


def _write_table(sheet: Sheet, doubt: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]]) -> None:
    if not chosen:
        sheet.text(COLUMNS[0][1] - 0.5, 0.14, f"no threshold on the {doubt['selected_on']} images", fontsize=SMALL_SIZE,
                   color=MUTED)  # fmt: skip
        sheet.text(COLUMNS[0][1] - 0.5, 0.33, "gives more than answering all does", fontsize=SMALL_SIZE, color=MUTED)
        return
    for head, right in COLUMNS:
        sheet.text(right, 0.14, head, fontsize=SMALL_SIZE, color=MUTED, ha="right")
    for row, each in enumerate(chosen, start=1):
        test = each["test"]
        cells = (percent(each["target_accuracy"], 1), f"≥ {percent(each['threshold'], 1)}", rounded_share(test["coverage"]),
                 percent(test["accuracy"]))  # fmt: skip
        for text, (_, right) in zip(cells, COLUMNS, strict=True):
            sheet.text(right, 0.14 + 0.27 * row, text, fontsize=TEXT_SIZE, color=INK, ha="right")


def _in_words(curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> str:
    n = len(curve.accuracy)
    parts = [f"of the surest {percent(share, 0)}, {percent(1 - curve.accuracy[max(round(share * n), 1) - 1])} are wrong"
             for share in (1.0, 0.95, 0.9, 0.8, 0.5)]  # fmt: skip
    text = f"Area under the curve {curve.aurc:.5f}, {curve.oracle_aurc:.5f} at best. {'; '.join(parts).capitalize()}."
    for each in chosen:
        test = each["test"]
        text += (f" To be right on {percent(each['target_accuracy'], 1)}: confidence of {percent(each['threshold'], 1)} or more, "
                 f"{percent(test['coverage'], 1)} answered, {percent(test['accuracy'])} right "
                 f"({percent(test['interval'][0])} to {percent(test['interval'][1])}).")  # fmt: skip
    return text
