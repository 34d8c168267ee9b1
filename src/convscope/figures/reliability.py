"""Reliability diagram: accuracy against confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from ..formatting import count_of, percent, percent_range, percentage_points
from .canvas import FigureCanvas, in_theme
from .figure import Illustration
from .theme import ACCENT, BACKGROUND, INK, MUTED, RULE, TEST, TEXT_SIZE

LEFT, SIDE, BOTTOM = 0.62, 3.6, 0.44
KEY = 4.75
"""Inches from the left to the key."""

LOOKS = {"uncalibrated": (ACCENT, "D"), "calibrated": (TEST, "o")}


@in_theme
def draw_reliability(uncertainty: Mapping[str, Any]) -> Illustration:
    """Draw accuracy against confidence in bins (Wilson 95% CI), before and after temperature scaling."""
    sides = {name: uncertainty[name] for name in LOOKS if uncertainty[name]}
    title = _title(uncertainty)
    canvas = FigureCanvas(title, SIDE + BOTTOM)
    axes = canvas.axes(LEFT, 0, SIDE, SIDE)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=":")
    for name, calibration in sides.items():
        shift = 0.004 * (1 if name == "calibrated" else -1) * (len(sides) > 1)
        _draw_bins(axes, calibration["bins"], *LOOKS[name], shift=shift)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}%")
    axes.set_xlabel("Confidence", fontsize=TEXT_SIZE)
    axes.set_ylabel("Accuracy", fontsize=TEXT_SIZE)
    axes.grid()
    _write_key(canvas, sides, uncertainty)
    return Illustration(
        "reliability", title,
        "Each mark is the test images of one confidence bin, with its 95% CI. Marks on the dotted line are calibrated, marks below "
        "it overconfident.",
        " ".join(_in_words(name, calibration) for name, calibration in sides.items()),
        canvas.figure,
    )  # fmt: skip


def _title(uncertainty: Mapping[str, Any]) -> str:
    before, after = uncertainty["uncalibrated"], uncertainty["calibrated"]
    low, high = before["overconfidence"]["interval"]
    points = f"{abs(100 * before['overconfidence']['value']):.2f} points"
    text = f"Mean confidence is {points} {'above' if low > 0 else 'below'} accuracy"
    if low <= 0 <= high:
        text = "Mean confidence and accuracy do not differ significantly"
    error = f"{text}; calibration error {percent(before['ece']['value'])}"
    if after is None:
        return error
    return f"{error}, or {percent(after['ece']['value'])} with temperature {uncertainty['temperature']:.2f}"


def _draw_bins(axes: Axes, bins: Sequence[Mapping[str, Any]], colour: str, marker: str, *, shift: float) -> None:
    positions = [each["confidence"] + shift for each in bins]
    lows, highs = ([each["interval"][end] for each in bins] for end in (0, 1))
    axes.vlines(positions, lows, highs, color=colour, linewidth=1.4, alpha=0.75)
    axes.plot(positions, [each["accuracy"] for each in bins], linestyle="none", marker=marker, markersize=5.5, color=colour,
              markeredgecolor=BACKGROUND, markeredgewidth=0.6, clip_on=False)  # fmt: skip


def _write_key(canvas: FigureCanvas, sides: Mapping[str, Mapping[str, Any]], uncertainty: Mapping[str, Any]) -> None:
    names = {"uncalibrated": "uncalibrated", "calibrated": f"temperature {uncertainty['temperature'] or 1:.2f}"}
    top = 0.14
    for name, calibration in sides.items():
        colour, marker = LOOKS[name]
        canvas.shared_axes.plot(
            [KEY + 0.08], [top - 0.05], marker=marker, markersize=6, color=colour, markeredgecolor=BACKGROUND
        )
        canvas.text(KEY + 0.25, top, names[name], fontsize=TEXT_SIZE, fontweight="bold", color=INK)
        ece, gap = calibration["ece"], calibration["overconfidence"]
        lines = (
            f"calibration error {percent(ece['value'])}",
            f"95% CI {percent_range(ece['interval'])}",
            f"if calibrated, up to {percent(calibration['ece_null_95'])} by chance",
            f"confidence − accuracy {percentage_points(gap['value'], sign=True)} points",
            f"loss {calibration['nll']['value']:.4f}, Brier {calibration['brier']['value']:.4f}",
        )
        for number, line in enumerate(lines, start=1):
            canvas.note(KEY + 0.25, top + 0.19 * number, line)
        top += 0.19 * len(lines) + 0.42
    _draw_counts(canvas, (uncertainty["calibrated"] or uncertainty["uncalibrated"])["bins"], top)


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


def _in_words(name: str, calibration: Mapping[str, Any]) -> str:
    when = "Uncalibrated" if name == "uncalibrated" else "With temperature"
    bins = "; ".join(
        f"confidence {percent(each['low'], 0)} to {percent(each['high'], 0)}, {count_of(each['n'], 'image')}: "
        f"accuracy {percent(each['accuracy'], 1)} ({percent(each['interval'][0], 1)} to {percent(each['interval'][1], 1)})"
        for each in calibration["bins"]
    )
    return f"{when}: calibration error {percent(calibration['ece']['value'])}; {bins}."
