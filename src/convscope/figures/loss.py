"""Loss by epoch."""

from __future__ import annotations

from math import floor, log10

from matplotlib.axes import Axes

from ..training.history import History
from .canvas import Sheet, in_theme
from .curves import AXES_HEIGHT, AXES_WIDTH, BOTTOM, LEFT, draw_curves, finite, training_curve, validation_curve
from .illustration import Illustration
from .theme import INK, MUTED, SMALL_SIZE, TEXT_SIZE
from .wording import number

LOGARITHMIC_FROM = 4.0
"""Ratio of largest to smallest loss above which a linear scale would hide the gain of the last epochs."""


@in_theme
def draw_loss(history: History, *, on_test: bool) -> Illustration:
    """Draw training and validation loss per epoch, in nats; a ring marks the lowest validation loss."""
    images = "test images (used as validation)" if on_test else "validation images"
    curves = (training_curve(history.column("loss")), validation_curve(history.column("val_loss"), on_test=on_test))
    best = min(range(len(history)), key=lambda index: history[index].val_loss)
    title = _title(history, best, images)
    sheet = Sheet(title, AXES_HEIGHT + BOTTOM)
    axes = sheet.axes(LEFT, 0, AXES_WIDTH, AXES_HEIGHT)
    logarithmic = _set_scale(axes, finite(curves))
    axes.set_ylabel("Loss", fontsize=TEXT_SIZE)
    draw_curves(sheet, axes, curves, number)
    _mark_best(axes, best, history)
    scale = " The scale is logarithmic: equal steps down divide the loss by equal factors." if logarithmic else ""
    return Illustration(
        "loss", title,
        "Mean negative log-likelihood of the true class, in nats: lower is better, 0 is best. The ring marks the lowest loss on "
        f"{images}.{scale}",
        "; ".join(f"epoch {each.epoch}: training {number(each.loss)}, {images} {number(each.val_loss)}" for each in history) + ".",
        sheet.figure,
    )  # fmt: skip


def _title(history: History, best: int, images: str) -> str:
    first, last, lowest = history[0], history[-1], history[best]
    training = f"training loss ends at {number(last.loss)}"
    if len(history) == 1:
        return f"After one epoch, loss on {images} is {number(last.val_loss)}; {training}"
    if lowest is last:
        return (f"Loss on {images} falls from {number(first.val_loss)} to {number(last.val_loss)}, its lowest, in the "
                f"last of {len(history)} epochs; {training}")  # fmt: skip
    return (f"Loss on {images} is lowest after epoch {lowest.epoch} ({number(lowest.val_loss)}) and ends at "
            f"{number(last.val_loss)} after {len(history)}; {training}")  # fmt: skip


def _set_scale(axes: Axes, values: list[float]) -> bool:
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
