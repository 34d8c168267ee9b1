"""The network compared with the baseline."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from ..analysis.baseline import noun, pairing_of
from ..formatting import count_of, p_value, percent, percentage_points
from .canvas import NAME_SPACE, FigureCanvas, in_theme, text_width
from .figure import Illustration
from .text import label
from .theme import ACCENT, BACKGROUND, INK, MUTED, SMALL_SIZE, TEXT_SIZE

RIGHT, HEAD, STEP = 4.2, 0.3, 0.42
COLUMNS = (("accuracy", 5.1), ("errors", 5.75), ("parameters", 6.7), ("multiply-adds", 7.6))
ERRORS_TOP, BAR_HEIGHT, BAR_WIDTH = 1.75, 0.26, 4.9
LOOKS = ((ACCENT, "o"), (MUTED, "s"))
"""Colour and marker of the network, then of the baseline."""


@in_theme
def draw_baseline(metrics: Mapping[str, Any], model_name: str) -> Illustration:
    """Draw accuracy (Wilson 95% CI), costs and shared errors of both networks."""
    own, other = metrics["test"], metrics["baseline"]
    names = (label(model_name.upper(), 10), label(noun(other["model_name"]), 13))
    title = _title(own, other, names)
    left = max(text_width(name, TEXT_SIZE, "bold") for name in names) + NAME_SPACE + 0.1
    canvas = FigureCanvas(title, ERRORS_TOP + STEP + BAR_HEIGHT)
    rows = (
        (names[0], own, metrics["parameters"], metrics["multiply_adds"]),
        (names[1], other, other["num_parameters"], other["multiply_adds"]),
    )
    _draw_accuracies(canvas.axes(left, HEAD, RIGHT - left, 2 * STEP), own, other)
    for head, right in COLUMNS:
        canvas.note(right, 0.12, head, ha="right")
    canvas.note(left, 0.12, "accuracy with 95% CI")
    for row, (name, entry, parameters, work) in enumerate(rows):
        middle = HEAD + (row + 0.5) * STEP
        canvas.cell(0, middle, name, fontweight="bold")
        for text, (_, right) in zip((percent(entry["accuracy"]), f"{entry['errors']:,}", f"{parameters:,}", f"{work:,}"), COLUMNS,
                                    strict=True):  # fmt: skip
            canvas.cell(right, middle, text, fontsize=TEXT_SIZE, ha="right")
    _draw_errors(canvas, left, other, names)
    low, high = own["interval"]
    return Illustration(
        "baseline", title,
        "Top: accuracy of both networks; the scale does not start at zero. Bottom: their errors on the same test images, shared "
        "errors on the left. The test compares the hatched parts, so overlapping intervals do not rule out a significant "
        "difference.",
        f"{names[0]}: {percent(own['accuracy'])} ({percent(low)} to {percent(high)}), {count_of(own['errors'], 'error')}, "
        f"{metrics['parameters']:,} parameters. {names[1]}: {percent(other['accuracy'])} ({percent(other['interval'][0])} to "
        f"{percent(other['interval'][1])}), {count_of(other['errors'], 'error')}, {other['num_parameters']:,} parameters. Both "
        f"misclassify {count_of(other['both_wrong'], 'image')}, only the {names[0]} {other['only_model_wrong']:,}, only the "
        f"{names[1]} {other['only_baseline_wrong']:,}: a difference in accuracy of {_difference(other)}.",
        canvas.figure,
    )  # fmt: skip


def _title(own: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, str]) -> str:
    errors, others, pairing = own["errors"], other["errors"], pairing_of(other)
    images = f"in {count_of(own['n'], 'test image')}"
    if not errors and not others:
        return f"Neither the {names[0]} nor the {names[1]} makes an error {images}"
    result = f"{'' if pairing.significant else 'not '}significant (McNemar test, p {p_value(pairing.p)})"
    if not errors or not others or errors == others:
        number = count_of(errors, "error") if errors else "no errors"
        return f"The {names[0]} makes {number} {images}, the {names[1]} {f'{others:,}' if others else 'none'}; {result}"
    return (f"The {names[0]} makes {other['error_ratio']:.2f} times as many errors as the {names[1]}: {errors:,} against "
            f"{others:,} in {own['n']:,}; {result}")  # fmt: skip


def _difference(other: Mapping[str, Any]) -> str:
    pairing = pairing_of(other)
    low, high = (percentage_points(end) for end in pairing.interval)
    return f"{percentage_points(pairing.difference)} points (95% CI {low} to {high})"


def _draw_accuracies(axes: Axes, own: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    lowest = min(own["interval"][0], other["interval"][0])
    highest = max(own["interval"][1], other["interval"][1])
    margin = 0.08 * (highest - lowest)
    for row, (entry, (colour, marker)) in enumerate(zip((own, other), LOOKS, strict=True)):
        axes.hlines([row], *entry["interval"], color=colour, linewidth=2.4)
        axes.plot([entry["accuracy"]], [row], color=colour, marker=marker, markersize=7.5, markeredgecolor=BACKGROUND)
    axes.set(xlim=(lowest - margin, highest + margin), ylim=(1.5, -0.5))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:.5g}%")
    axes.grid(axis="x")


def _draw_errors(canvas: FigureCanvas, left: float, other: Mapping[str, Any], names: tuple[str, str]) -> None:
    both = other["both_wrong"]
    totals = (both + other["only_model_wrong"], both + other["only_baseline_wrong"])
    unit = BAR_WIDTH / (max(totals) or 1)
    canvas.note(left, ERRORS_TOP - 0.1, "errors on the same test images")
    for row, (total, name, (colour, _)) in enumerate(zip(totals, names, LOOKS, strict=True)):
        top = ERRORS_TOP + row * STEP
        canvas.rectangles([(left, top, both * unit, BAR_HEIGHT)], facecolor=colour)
        canvas.rectangles([(left + both * unit, top, (total - both) * unit, BAR_HEIGHT)], facecolor=colour, hatch="////",
                         edgecolor=BACKGROUND)  # fmt: skip
        canvas.cell(0, top + BAR_HEIGHT / 2, name, fontweight="bold")
        canvas.cell(left + total * unit + 0.08, top + BAR_HEIGHT / 2,
                    f"{total:,}: {both:,} shared, {total - both:,} not shared", fontsize=SMALL_SIZE, color=INK)  # fmt: skip
