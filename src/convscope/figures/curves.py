"""Learning curves: the epoch axis, the lines, and a label at the end of each line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from matplotlib.axes import Axes

from .canvas import Sheet
from .theme import INK, MUTED, PAPER, TEST, TEXT_SIZE, TRAINING, VALIDATION

LEFT, BOTTOM = 0.62, 0.44
AXES_WIDTH, AXES_HEIGHT = 5.45, 3.2
LABEL_STEP = 0.36
"""Inches between the labels of two curves that end at the same height: each label has two lines of text."""
MOST_TICKS = 12


@dataclass(frozen=True)
class Curve:
    """A curve with one value per epoch."""

    name: str
    values: Sequence[float]
    colour: str
    marker: str
    dash: str

    @property
    def last(self) -> float:
        return self.values[-1]


def training_curve(values: Sequence[float]) -> Curve:
    """Return the curve of the training images."""
    return Curve("training", values, TRAINING, "o", "-")


def validation_curve(values: Sequence[float], *, on_test: bool) -> Curve:
    """Return the curve of the validation images, named "test" if the run validates on its test split."""
    if on_test:
        return Curve("test (used as\nvalidation)", values, TEST, "D", "-.")
    return Curve("validation", values, VALIDATION, "s", "--")


def draw_curves(sheet: Sheet, axes: Axes, curves: Sequence[Curve], write: Callable[[float], str]) -> None:
    """Draw the curves. Limits and ticks of the y axis must be set before, because the labels stand where the curves end."""
    epochs = len(curves[0].values)
    for curve in curves:
        axes.plot(range(1, epochs + 1), curve.values, color=curve.colour, marker=curve.marker, linestyle=curve.dash,
                  linewidth=1.8, markersize=5, markeredgecolor=PAPER, markeredgewidth=0.6, clip_on=False,
                  label=curve.name.replace("\n", " "))  # fmt: skip
    axes.set_xlim((0.5, 1.5) if epochs == 1 else (1 - 0.03 * (epochs - 1), epochs + 0.03 * (epochs - 1)))
    axes.set_xticks(epoch_ticks(epochs))
    axes.set_xlabel("Epoch", fontsize=TEXT_SIZE)
    axes.tick_params(length=3)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    _label_ends(sheet, axes, curves, write)


def epoch_ticks(epochs: int) -> list[int]:
    """Return about a dozen epochs at most, including the first and the last."""
    steps = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
    step = next((each for each in steps if epochs / each <= MOST_TICKS), epochs)
    ticks = [1, *(each for each in range(step, epochs + 1, step) if each > 1 + step / 3 and epochs - each >= step / 2)]
    return ticks if epochs == 1 else [*ticks, epochs]


def finite(curves: Sequence[Curve]) -> list[float]:
    """Return all finite values, or (0, 1) if there are none, as after a diverged training."""
    return [value for curve in curves for value in curve.values if isfinite(value)] or [0.0, 1.0]


def _label_ends(sheet: Sheet, axes: Axes, curves: Sequence[Curve], write: Callable[[float], str]) -> None:
    left = LEFT + AXES_WIDTH + 0.12
    for curve, height in zip(curves, _heights(axes, curves), strict=True):
        top = AXES_HEIGHT * (1 - height)
        sheet.paper.plot([left, left + 0.34], [top, top], color=curve.colour, linestyle=curve.dash, linewidth=1.8)
        sheet.paper.plot([left + 0.17], [top], color=curve.colour, marker=curve.marker, markersize=5, markeredgecolor=PAPER)
        sheet.text(left + 0.42, top - 0.02, write(curve.last), fontsize=TEXT_SIZE, fontweight="bold", color=INK, va="bottom")
        sheet.text(left + 0.42, top + 0.01, curve.name, fontsize=TEXT_SIZE - 1, color=MUTED, va="top", linespacing=1.1)


def _heights(axes: Axes, curves: Sequence[Curve]) -> list[float]:
    """Return where the curves end, as shares of the axes' height, moved apart where labels would overlap."""
    ends = np.array([curve.last if isfinite(curve.last) else axes.get_ylim()[1] for curve in curves])
    points = axes.transData.transform(np.column_stack([np.ones(len(ends)), ends]))
    heights = np.clip(axes.transAxes.inverted().transform(points)[:, 1], 0.02, 0.96)
    apart = (LABEL_STEP + 0.14 * max("\n" in curve.name for curve in curves)) / AXES_HEIGHT
    low, high = int(heights.argmin()), int(heights.argmax())
    if low == high:
        low, high = len(heights) - 1, 0
    middle = (heights[low] + heights[high]) / 2
    if heights[high] - heights[low] < apart:
        middle = float(np.clip(middle, apart / 2, 1 - apart / 2))
        heights[low], heights[high] = middle - apart / 2, middle + apart / 2
    return [float(height) for height in heights]
