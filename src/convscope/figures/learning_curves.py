"""Accuracy and loss by epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

import numpy as np
from matplotlib.axes import Axes

from ..formatting import count_of, percent
from ..training.history import History
from ..types import Floats
from .canvas import FigureCanvas, in_theme
from .figure import Illustration
from .text import number
from .theme import BACKGROUND, INK, MUTED, SMALL_SIZE, TEST, TEXT_SIZE, TRAINING, VALIDATION

LEFT, BOTTOM = 0.62, 0.44
AXES_WIDTH, AXES_HEIGHT = 5.45, 3.2
LABEL_STEP = 0.36
"""Inches between the labels of two curves that end at the same height: each label has two lines of text."""
MAX_TICKS = 12


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


def _curves(history: History, column: str, *, on_test: bool) -> tuple[Curve, Curve]:
    """Return the curves of training and validation; the latter is named "test" if the run validates on its test split."""
    values = history.column(f"val_{column}")
    test = Curve("test (used as\nvalidation)", values, TEST, "D", "-.")
    validation = test if on_test else Curve("validation", values, VALIDATION, "s", "--")
    return Curve("training", history.column(column), TRAINING, "o", "-"), validation


def _images(*, on_test: bool) -> str:
    return "test images (used as validation)" if on_test else "validation images"


def _draw_curves(canvas: FigureCanvas, axes: Axes, curves: Sequence[Curve], write: Callable[[float], str]) -> None:
    """Draw the curves; limits of the y axis must be set before, because the labels stand where the curves end."""
    epochs = len(curves[0].values)
    for curve in curves:
        axes.plot(range(1, epochs + 1), curve.values, color=curve.colour, marker=curve.marker, linestyle=curve.dash,
                  linewidth=1.8, markersize=5, markeredgecolor=BACKGROUND, markeredgewidth=0.6, clip_on=False,
                  label=curve.name.replace("\n", " "))  # fmt: skip
    axes.set_xlim((0.5, 1.5) if epochs == 1 else (1 - 0.03 * (epochs - 1), epochs + 0.03 * (epochs - 1)))
    axes.set_xticks(epoch_ticks(epochs))
    axes.set_xlabel("Epoch", fontsize=TEXT_SIZE)
    axes.grid(axis="y")
    _label_ends(canvas, axes, curves, write)


def epoch_ticks(epochs: int) -> list[int]:
    """Return about a dozen epochs at most, including the first and the last."""
    steps = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
    step = next((each for each in steps if epochs / each <= MAX_TICKS), epochs)
    ticks = [1, *(each for each in range(step, epochs + 1, step) if each > 1 + step / 3 and epochs - each >= step / 2)]
    return ticks if epochs == 1 else [*ticks, epochs]


def _finite(curves: Sequence[Curve]) -> list[float]:
    """Return all finite values, or 0 and 1 if there are none, as after a diverged training."""
    return [value for curve in curves for value in curve.values if isfinite(value)] or [0.0, 1.0]


def _label_ends(canvas: FigureCanvas, axes: Axes, curves: Sequence[Curve], write: Callable[[float], str]) -> None:
    left = LEFT + AXES_WIDTH + 0.12
    for curve, height in zip(curves, _heights(axes, curves), strict=True):
        top = AXES_HEIGHT * (1 - height)
        canvas.shared_axes.plot([left, left + 0.34], [top, top], color=curve.colour, linestyle=curve.dash, linewidth=1.8)
        canvas.shared_axes.plot(
            [left + 0.17], [top], color=curve.colour, marker=curve.marker, markersize=5, markeredgecolor=BACKGROUND
        )
        canvas.text(left + 0.42, top - 0.02, write(curve.last), fontsize=TEXT_SIZE, fontweight="bold", color=INK,
                    va="bottom")  # fmt: skip
        canvas.text(left + 0.42, top + 0.01, curve.name, fontsize=TEXT_SIZE - 1, color=MUTED, va="top", linespacing=1.1)


def _heights(axes: Axes, curves: Sequence[Curve]) -> list[float]:
    """Return where the curves end, as shares of the axes' height, moved apart where labels would overlap."""
    ends = np.array([curve.last if isfinite(curve.last) else axes.get_ylim()[1] for curve in curves])
    points = axes.transData.transform(np.column_stack([np.ones(len(ends)), ends]))
    heights = np.clip(axes.transAxes.inverted().transform(points)[:, 1], 0.02, 0.96)
    apart = (LABEL_STEP + 0.14 * max("\n" in curve.name for curve in curves)) / AXES_HEIGHT
    low, high = int(heights.argmin()), int(heights.argmax())
    if low == high:
        low, high = len(heights) - 1, 0
    if heights[high] - heights[low] < apart:
        middle = float(np.clip((heights[low] + heights[high]) / 2, apart / 2, 1 - apart / 2))
        heights[low], heights[high] = middle - apart / 2, middle + apart / 2
    return [float(height) for height in heights]


TICKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)
BETWEEN_TICKS = (0.96, 0.97, 0.985, 0.9925, 0.994, 0.996, 0.997, 0.9985)
STRETCH_FROM = 0.95
"""Accuracy above which a linear scale would flatten the curve against 100%."""


@in_theme
def draw_accuracy(history: History, *, on_test: bool) -> Illustration:
    """Draw training and validation accuracy per epoch; ``on_test`` if the run validates on its test split."""
    images, curves = _images(on_test=on_test), _curves(history, "accuracy", on_test=on_test)
    title = _accuracy_title(history, images)
    canvas = FigureCanvas(title, AXES_HEIGHT + BOTTOM)
    axes = canvas.axes(LEFT, 0, AXES_WIDTH, AXES_HEIGHT)
    stretched = _set_accuracy_scale(axes, _finite(curves))
    axes.set_ylabel("Accuracy", fontsize=TEXT_SIZE)
    _draw_curves(canvas, axes, curves, percent)
    scale = " The scale is logarithmic in the error rate: equal steps up divide the errors by equal factors."
    return Illustration(
        "accuracy", title,
        "Accuracy after each epoch; training accuracy is the mean over the epoch, during which the weights change."
        f"{scale if stretched else ''}",
        "; ".join(f"epoch {each.epoch}: training {percent(each.accuracy)}, {images} {percent(each.val_accuracy)}"
                  for each in history) + ".",
        canvas.figure,
    )  # fmt: skip


def _accuracy_title(history: History, images: str) -> str:
    first, last = history[0], history[-1]
    points = (last.val_accuracy - last.accuracy) * 100
    side = "above" if points > 0 else "below"
    difference = f"{abs(points):.2f} points {side}" if abs(points) >= 0.005 else "the same as"
    against = f"{difference} training accuracy"
    if len(history) == 1:
        return f"After one epoch, accuracy on {images} is {percent(last.val_accuracy)}, {against}"
    start, end = percent(first.val_accuracy), percent(last.val_accuracy)
    course = f"{'rises' if last.val_accuracy > first.val_accuracy else 'falls'} from {start} to {end} in"
    course = f"is {end} after the first and the last of" if start == end else course
    return f"Accuracy on {images} {course} {count_of(len(history), 'epoch')} and ends {against}"


def _set_accuracy_scale(axes: Axes, values: list[float]) -> bool:
    """Set a linear scale, or one logarithmic in the error rate if accuracy is high; return whether it is the latter."""
    low, high = min(values), max(values)
    if not STRETCH_FROM <= high < 1:
        margin = 0.06 * (high - low) or 0.05
        axes.set_ylim(max(0.0, low - margin), min(1.0, high + margin))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}" if high - low < 0.005 else percent(value, 0))
        return False
    axes.set_yscale("function", functions=(_halvings, _accuracy))
    bottom, top = _halvings(np.array([low, high]))
    margin = 0.06 * (top - bottom) or 0.3
    limits = _accuracy(np.array([bottom - margin, top + margin]))
    axes.set_ylim(max(0.0, float(limits[0])), float(limits[1]))
    axes.set_yticks(_ticks(float(limits[0]), float(limits[1])))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:.6g}%")
    axes.minorticks_off()
    return True


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Return at least three ticks, even if the whole curve lies between two of ``TICKS``."""
    inside = tuple(tick for tick in TICKS if low <= tick <= high)
    if len(inside) >= 3:
        return inside
    return tuple(tick for tick in (*TICKS, *BETWEEN_TICKS) if low <= tick <= high)


def _halvings(accuracy: Floats) -> Floats:
    """Return how often the error rate was halved from 100%."""
    return np.asarray(-np.log2(np.clip(1 - np.asarray(accuracy, float), 1e-9, None)))


def _accuracy(halvings: Floats) -> Floats:
    return np.asarray(1 - 2.0 ** -np.asarray(halvings, float))


LOGARITHMIC_FROM = 4.0
"""Ratio of largest to smallest loss above which a linear scale would hide the gain of the last epochs."""


@in_theme
def draw_loss(history: History, *, on_test: bool) -> Illustration:
    """Draw training and validation loss per epoch, in nats; a ring marks the lowest validation loss."""
    images, curves = _images(on_test=on_test), _curves(history, "loss", on_test=on_test)
    best = min(range(len(history)), key=lambda index: history[index].val_loss)
    title = _loss_title(history, best, images)
    canvas = FigureCanvas(title, AXES_HEIGHT + BOTTOM)
    axes = canvas.axes(LEFT, 0, AXES_WIDTH, AXES_HEIGHT)
    logarithmic = _set_loss_scale(axes, _finite(curves))
    axes.set_ylabel("Loss", fontsize=TEXT_SIZE)
    _draw_curves(canvas, axes, curves, number)
    _mark_best(axes, best, history)
    scale = " The scale is logarithmic: equal steps down divide the loss by equal factors." if logarithmic else ""
    return Illustration(
        "loss", title,
        "Mean negative log-likelihood of the true class, in nats: lower is better, 0 is best. The ring marks the lowest loss on "
        f"{images}.{scale}",
        "; ".join(f"epoch {each.epoch}: training {number(each.loss)}, {images} {number(each.val_loss)}" for each in history) + ".",
        canvas.figure,
    )  # fmt: skip


def _loss_title(history: History, best: int, images: str) -> str:
    first, last, lowest = history[0], history[-1], history[best]
    training = f"training loss ends at {number(last.loss)}"
    if len(history) == 1:
        return f"After one epoch, loss on {images} is {number(last.val_loss)}; {training}"
    if lowest is last:
        return (f"Loss on {images} falls from {number(first.val_loss)} to {number(last.val_loss)}, its lowest, in the "
                f"last of {len(history)} epochs; {training}")  # fmt: skip
    return (f"Loss on {images} is lowest after epoch {lowest.epoch} ({number(lowest.val_loss)}) and ends at "
            f"{number(last.val_loss)} after {len(history)}; {training}")  # fmt: skip


def _set_loss_scale(axes: Axes, values: list[float]) -> bool:
    low, high = min(values), max(values)
    if low <= 0 or high / low < LOGARITHMIC_FROM:
        margin = 0.08 * (high - low) or 0.1 * high or 0.1
        axes.set_ylim(max(0.0, low - margin), high + margin)
        return False
    axes.set_yscale("log")
    axes.set_ylim(low / 1.2, high * 1.2)
    decades = range(floor(log10(low)) - 1, floor(log10(high)) + 2)
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    axes.set_yticks([tick for decade in decades for tick in (step * 10.0**decade for step in steps)
                     if low / 1.2 <= tick <= high * 1.2])  # fmt: skip
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
    axes.minorticks_off()
    return True


def _mark_best(axes: Axes, best: int, history: History) -> None:
    epoch, loss = history[best].epoch, history[best].val_loss
    axes.plot([epoch], [loss], marker="o", markersize=11, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.0,
              linestyle="none", clip_on=False)  # fmt: skip
    if best < len(history) - 1:
        axes.annotate(f"lowest: {number(loss)}", (epoch, loss), xytext=(0, -10), textcoords="offset points", va="top",
                      ha="center" if best else "left", fontsize=SMALL_SIZE, color=MUTED, annotation_clip=False)  # fmt: skip
