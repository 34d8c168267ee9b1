"""Reliability diagram: accuracy against confidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from ..formatting import count_of, percent, percent_range, percentage_points
from .canvas import FigureCanvas, in_theme
from .figure import Illustration
from .theme import BACKGROUND, INK, MUTED, RULE, TEST, TEXT_SIZE

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
    canvas.note(KEY + 0.25, top, f"{n:,} test images by confidence")
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
