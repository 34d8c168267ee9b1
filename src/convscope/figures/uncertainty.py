"""Figures of the uncertainty: accuracy against confidence, and error rate against coverage."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..analysis.evaluation import Evaluation
from ..analysis.uncertainty.selective_prediction import RiskCoverageCurve, risk_coverage_curve
from ..analysis.uncertainty.uncertainty import confidence_and_correct
from ..formatting import count_of, percent, percent_range, percentage_points
from .canvas import FigureCanvas, in_theme
from .figure import Illustration
from .text import rounded_share
from .theme import ACCENT, BACKGROUND, INK, MUTED, RULE, TEST, TEXT_SIZE

LEFT, SIDE, BOTTOM = 0.62, 3.6, 0.44
KEY = 4.75
"""Inches from the left to the key."""


@in_theme
def draw_reliability(uncertainty: Mapping[str, Any]) -> Illustration:
    """Draw accuracy against confidence in bins (Wilson 95% CI) for the probabilities in use, calibrated where that helps."""
    before, after = uncertainty["uncalibrated"], uncertainty["calibrated"]
    used = after or before
    title = _title(used)
    canvas = FigureCanvas(title, SIDE + BOTTOM)
    axes = canvas.axes(LEFT, 0, SIDE, SIDE)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=":")
    _draw_bins(axes, used["bins"])
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}%")
    axes.set_xlabel("Confidence", fontsize=TEXT_SIZE)
    axes.set_ylabel("Accuracy", fontsize=TEXT_SIZE)
    axes.grid()
    name = f"calibrated, temperature {uncertainty['temperature']:.2f}" if after else "uncalibrated"
    _write_key(canvas, name, used)
    note = f" Without calibration the calibration error is {percent(before['ece']['value'])}." if after else ""
    return Illustration(
        "reliability", title,
        "Each mark is the test images of one confidence bin, with its 95% CI. Marks on the dotted line are calibrated, marks below "
        f"it overconfident.{note}",
        _in_words(used),
        canvas.figure,
    )  # fmt: skip


def _title(used: Mapping[str, Any]) -> str:
    gap = used["overconfidence"]
    low, high = gap["interval"]
    points = percentage_points(abs(gap["value"]))
    text = f"Mean confidence is {points} points {'above' if low > 0 else 'below'} accuracy"
    if low <= 0 <= high:
        text = f"No difference between mean confidence and accuracy is shown ({_ends(low, high)} points)"
    return f"{text}; calibration error {percent(used['ece']['value'])}"


def _ends(low: float, high: float) -> str:
    return f"95% CI {percentage_points(low)} to {percentage_points(high)}"


def _draw_bins(axes: Axes, bins: Sequence[Mapping[str, Any]]) -> None:
    positions = [each["confidence"] for each in bins]
    lows, highs = ([each["interval"][end] for each in bins] for end in (0, 1))
    axes.vlines(positions, lows, highs, color=TEST, linewidth=1.4, alpha=0.75)
    axes.plot(positions, [each["accuracy"] for each in bins], linestyle="none", marker="o", markersize=5.5, color=TEST,
              markeredgecolor=BACKGROUND, markeredgewidth=0.6, clip_on=False)  # fmt: skip


def _write_key(canvas: FigureCanvas, name: str, used: Mapping[str, Any]) -> None:
    top = 0.14
    canvas.shared_axes.plot([KEY + 0.08], [top - 0.05], marker="o", markersize=6, color=TEST, markeredgecolor=BACKGROUND)
    canvas.text(KEY + 0.25, top, name, fontsize=TEXT_SIZE, fontweight="bold", color=INK)
    ece, gap = used["ece"], used["overconfidence"]
    lines = (
        f"calibration error {percent(ece['value'])}",
        f"95% CI {percent_range(ece['interval'])}",
        f"if calibrated, up to {percent(used['ece_null_95'])} by chance",
        f"confidence − accuracy {percentage_points(gap['value'], sign=True)} points",
        f"loss {used['nll']['value']:.4f}, Brier {used['brier']['value']:.4f}",
    )
    for number, line in enumerate(lines, start=1):
        canvas.note(KEY + 0.25, top + 0.19 * number, line)
    _draw_counts(canvas, used["bins"], top + 0.19 * len(lines) + 0.42)


def _draw_counts(canvas: FigureCanvas, bins: Sequence[Mapping[str, Any]], top: float) -> None:
    """Draw the number of images per bin as bars; the last bin holds most images of an accurate network."""
    width, height = 2.5, 0.75
    most, n = max(each["n"] for each in bins), sum(each["n"] for each in bins)
    base = top + height + 0.1
    canvas.note(KEY + 0.25, top, f"{count_of(n, 'test image')} by confidence")
    canvas.shared_axes.plot([KEY + 0.25, KEY + 0.25 + width], [base, base], color=RULE, linewidth=0.8)
    canvas.rectangles(
        [
            (KEY + 0.25 + each["low"] * width + 0.01, base - height * each["n"] / most,
             (each["high"] - each["low"]) * width - 0.02, height * each["n"] / most)
            for each in bins
        ],
        facecolor=MUTED,
    )  # fmt: skip
    last = bins[-1]
    canvas.note(KEY + 0.25, base + 0.18, f"{percent(last['n'] / n, 1)} above {percent(last['low'], 0)}")


def _in_words(used: Mapping[str, Any]) -> str:
    bins = "; ".join(
        f"confidence {percent(each['low'], 0)} to {percent(each['high'], 0)}, {count_of(each['n'], 'image')}: "
        f"accuracy {percent(each['accuracy'], 1)} ({percent(each['interval'][0], 1)} to {percent(each['interval'][1], 1)})"
        for each in used["bins"]
    )
    return f"Calibration error {percent(used['ece']['value'])}; {bins}."


WIDTH, HEIGHT = 3.9, 2.9
COLUMNS = (("target", 5.25), ("confidence", 6.05), ("coverage", 6.75), ("accuracy", 7.55))
POINTS = 300
"""Points of the curve: more would not be visible."""
FEW, SPACE = 0.05, 0.05
"""The scale starts where this share of the error rate is left, or at the lowest threshold, minus a margin."""


@in_theme
def draw_coverage(evaluation: Evaluation, uncertainty: Mapping[str, Any]) -> Illustration:
    """Draw the error rate on the test split against coverage, and the thresholds that were chosen on other images."""
    temperature = uncertainty["temperature"] or 1.0
    curve = risk_coverage_curve(*confidence_and_correct(evaluation.logits, evaluation.labels, temperature))
    chosen = [each for each in uncertainty["thresholds"] if each["threshold"] is not None and each["test"]["answered"]]
    title = _coverage_title(curve)
    canvas = FigureCanvas(title, HEIGHT + BOTTOM)
    axes = canvas.axes(LEFT, 0, WIDTH, HEIGHT)
    _draw_curve(axes, curve, chosen)
    _write_table(canvas, uncertainty, chosen)
    selected = uncertainty["selected_on"]
    marks = f" Diamonds: thresholds chosen on {selected} images, with their 95% CIs on the test images." if chosen else ""
    return Illustration(
        "coverage", title,
        "From right to left, more of the least confident predictions are rejected; the line is the error rate of the others. "
        f"Dotted: the optimum, if errors were rejected first.{marks}",
        _coverage_in_words(curve, chosen),
        canvas.figure,
    )  # fmt: skip


def _coverage_title(curve: RiskCoverageCurve) -> str:
    n = len(curve.accuracy)
    if curve.accuracy[-1] == 1:
        return f"No errors in {count_of(n, 'test image')}: rejecting predictions gains nothing"
    half = 1 - (1 - float(curve.accuracy[-1])) / 2
    good = np.flatnonzero(curve.accuracy >= half)
    if not len(good):
        images = f"all {n:,} test images" if n > 1 else "the only test image"
        return f"Accuracy {percent(curve.accuracy[-1])} on {images}; no threshold halves the error rate"
    return (f"The error rate of {percent(1 - curve.accuracy[-1])} on {n:,} test images is halved at a coverage of "
            f"{percent((int(good[-1]) + 1) / n, 1)}")  # fmt: skip


def _draw_curve(axes: Axes, curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> None:
    n = len(curve.accuracy)
    indices = np.unique(np.linspace(0, n - 1, POINTS).astype(np.int64))
    error = 1 - curve.accuracy
    numbers = indices + 1
    best = np.maximum(numbers - round(float(curve.accuracy[-1]) * n), 0) / numbers
    start = _start(curve, chosen)
    shown = curve.coverage[indices] >= start
    axes.plot(curve.coverage[indices][shown], best[shown], color=MUTED, linewidth=1.0, linestyle=":")
    axes.plot(curve.coverage[indices][shown], error[indices][shown], color=TEST, linewidth=1.8)
    for each in chosen:
        test = each["test"]
        axes.vlines([test["coverage"]], 1 - test["interval"][1], 1 - test["interval"][0], color=ACCENT, linewidth=1.6)
    axes.plot([each["test"]["coverage"] for each in chosen], [1 - each["test"]["accuracy"] for each in chosen], linestyle="none",
              marker="D", markersize=5.5, color=ACCENT, markeredgecolor=BACKGROUND, markeredgewidth=0.6, clip_on=False)  # fmt: skip
    top = max(float(error[indices][shown].max(initial=0)), *(1 - each["test"]["interval"][0] for each in chosen), 1 / n)
    axes.set(xlim=(start, 1), ylim=(0, 1.08 * top))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:.4g}%")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:.3g}%")
    axes.locator_params(nbins=6)
    axes.set_xlabel("Coverage", fontsize=TEXT_SIZE)
    axes.set_ylabel("Error rate", fontsize=TEXT_SIZE)
    axes.grid(axis="y")


def _start(curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> float:
    error = 1 - curve.accuracy
    few = np.flatnonzero(error <= FEW * error[-1])
    start = float(curve.coverage[few[-1]]) if len(few) else 0.0
    shares: list[float] = [each["test"]["coverage"] for each in chosen]
    return max(min([start, 0.95, *shares]) - SPACE, 0.0)


def _write_table(canvas: FigureCanvas, uncertainty: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]]) -> None:
    if not chosen:
        canvas.note(COLUMNS[0][1] - 0.5, 0.14, f"No threshold on the {uncertainty['selected_on']} images")
        canvas.note(COLUMNS[0][1] - 0.5, 0.33, "improves on full coverage.")
        return
    for head, right in COLUMNS:
        canvas.note(right, 0.14, head, ha="right")
    for row, each in enumerate(chosen, start=1):
        test = each["test"]
        cells = (percent(each["target_accuracy"], 1), f"≥ {percent(each['threshold'], 1)}", rounded_share(test["coverage"]),
                 percent(test["accuracy"]))  # fmt: skip
        for text, (_, right) in zip(cells, COLUMNS, strict=True):
            canvas.text(right, 0.14 + 0.27 * row, text, fontsize=TEXT_SIZE, color=INK, ha="right")


def _coverage_in_words(curve: RiskCoverageCurve, chosen: Sequence[Mapping[str, Any]]) -> str:
    n = len(curve.accuracy)
    parts = [f"{percent(1 - curve.accuracy[max(round(share * n), 1) - 1])} at {percent(share, 0)}"
             for share in (1.0, 0.95, 0.9, 0.8, 0.5)]  # fmt: skip
    text = f"Area under the curve {curve.aurc:.5f} (optimum {curve.oracle_aurc:.5f}). Error rate by coverage: {', '.join(parts)}."
    for each in chosen:
        test = each["test"]
        text += (f" Target accuracy {percent(each['target_accuracy'], 1)}: threshold {percent(each['threshold'], 1)}, coverage "
                 f"{percent(test['coverage'], 1)}, accuracy {percent(test['accuracy'])} "
                 f"({percent(test['interval'][0])} to {percent(test['interval'][1])}).")  # fmt: skip
    return text
