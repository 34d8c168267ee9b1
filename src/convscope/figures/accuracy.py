"""Accuracy by epoch."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..formatting import count_of, percent
from ..training.history import History
from ..types import Floats
from .canvas import Sheet, in_theme
from .curves import AXES_HEIGHT, AXES_WIDTH, BOTTOM, LEFT, draw_curves, finite, training_curve, validation_curve
from .illustration import Illustration
from .theme import TEXT_SIZE

TICKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)
BETWEEN_TICKS = (0.96, 0.97, 0.985, 0.9925, 0.994, 0.996, 0.997, 0.9985)
STRETCH_FROM = 0.95
"""Accuracy above which a linear scale would flatten the curve against 100%."""


@in_theme
def draw_accuracy(history: History, *, on_test: bool) -> Illustration:
    """Draw training and validation accuracy per epoch.

    Args:
        history: One record per epoch.
        on_test: Whether the run validates on its test split.
    """
    images = "test images (used as validation)" if on_test else "validation images"
    curves = (training_curve(history.column("accuracy")), validation_curve(history.column("val_accuracy"), on_test=on_test))
    title = _title(history, images)
    sheet = Sheet(title, AXES_HEIGHT + BOTTOM)
    axes = sheet.axes(LEFT, 0, AXES_WIDTH, AXES_HEIGHT)
    stretched = _set_scale(axes, finite(curves))
    axes.set_ylabel("Accuracy", fontsize=TEXT_SIZE)
    draw_curves(sheet, axes, curves, percent)
    scale = (
        " The scale is logarithmic in the error rate: equal steps up divide the errors by equal factors."
        if stretched
        else ""
    )
    return Illustration(
        "accuracy", title,
        "Accuracy after each epoch; training accuracy is the mean over the epoch, during which the weights change."
        f"{scale}",
        "; ".join(f"epoch {each.epoch}: training {percent(each.accuracy)}, {images} {percent(each.val_accuracy)}"
                  for each in history) + ".",
        sheet.figure,
    )  # fmt: skip


def _title(history: History, images: str) -> str:
    first, last = history[0], history[-1]
    points = (last.val_accuracy - last.accuracy) * 100
    side = "above" if points > 0 else "below"
    against = (
        f"{abs(points):.2f} points {side} training accuracy" if abs(points) >= 0.005 else "the same as training accuracy"
    )
    if len(history) == 1:
        return f"After one epoch, accuracy on {images} is {percent(last.val_accuracy)}, {against}"
    verb = {True: "rises", False: "falls"}.get(last.val_accuracy > first.val_accuracy, "stays")
    return (f"Accuracy on {images} {verb} from {percent(first.val_accuracy)} to {percent(last.val_accuracy)} in "
            f"{count_of(len(history), 'epoch')} and ends {against}")  # fmt: skip


def _set_scale(axes: Axes, values: list[float]) -> bool:
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
