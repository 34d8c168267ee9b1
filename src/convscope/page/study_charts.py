"""Learning curves of a study, as coordinates on logarithmic axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from .text.numbers import percent, whole

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 380, 62, 168, 16, 46
"""Size of the chart in pixels, and the margins for the labels on each side."""
LABEL_HEIGHT = 18
NUM_HUES, MAX_LABEL = 6, 24
STEPS = (1, 2, 5)


def draw_curves(curves: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return a chart of error rate against training set size, in pixels; None if a logarithmic axis can show no mean error.

    ``across`` and ``down`` are ticks, each with its place and its label. Of ``curves``, each has ``bars``, x, top and bottom
    of its 95% intervals, and ``dots``, one per training.
    """
    shown = [curve for curve in curves if all(point["error"]["mean"] > 0 for point in curve["points"])]
    if not shown:
        return None
    sizes = sorted({point["images"] for curve in shown for point in curve["points"]})
    values = [error for curve in shown for point in curve["points"] for error in (*point["errors"], point["error"]["mean"])
              if error > 0]  # fmt: skip
    across, down = _axis(sizes[0], sizes[-1]), _axis(min(values), max(values))

    def x(size: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * across.share(size), 1)

    def y(error: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - down.share(error)), 1)

    drawn = [_curve(curve, place, x, y) for place, curve in enumerate(shown)]
    return {
        "across": [(x(size), whole(size)) for size in _sparse(sizes, x)],
        "down": [
            (y(error), percent(error, max(0, 1 - floor(log10(100 * error))) if error < 0.1 else 0)) for error in down.marks
        ],
        "curves": _with_labels_apart(drawn),
    }


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    marks: tuple[float, ...]

    def share(self, value: float) -> float:
        place = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low)) if value > 0 else 0.0
        return min(max(place, 0.0), 1.0)


def _axis(low: float, high: float) -> _Axis:
    """Return an axis slightly wider than its range, with ticks at 1, 2 and 5 times powers of ten."""
    low, high = low / 1.12, high * 1.12
    marks = (step * 10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1) for step in STEPS)
    return _Axis(low, high, tuple(mark for mark in marks if low <= mark <= high))


def _sparse(sizes: Sequence[int], x: Any) -> list[int]:
    """Return the sizes whose labels do not overlap; the last one is always labelled."""
    kept = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if x(kept[-1]) - x(size) >= 52:
            kept.append(size)
    return kept[::-1]


def _curve(curve: Mapping[str, Any], place: int, x: Any, y: Any) -> dict[str, Any]:
    points = curve["points"]
    means = [(x(point["images"]), y(point["error"]["mean"])) for point in points]
    bars = [(x(point["images"]), y(point["error"]["interval"][1]), y(point["error"]["interval"][0]))
            for point in points if point["error"]["interval"]]  # fmt: skip
    dots = [(x(point["images"]), y(error)) for point in points for error in point["errors"] if error > 0]
    path = "M" + "L".join(f"{across} {down}" for across, down in means)
    name = curve["name"] if len(curve["name"]) <= MAX_LABEL else f"{curve['name'][: MAX_LABEL - 1]}…"
    return {
        "name": name, "hue": place % NUM_HUES, "path": path, "bars": bars, "dots": dots, "means": means, "label_y": means[-1][1],
    }  # fmt: skip


def _with_labels_apart(curves: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the curves with their labels moved apart where two would overlap, within the chart."""
    order = sorted(range(len(curves)), key=lambda index: curves[index]["label_y"])
    places = [curves[index]["label_y"] for index in order]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + LABEL_HEIGHT)
    limit = float(HEIGHT - BOTTOM)
    for index in reversed(range(len(places))):
        places[index] = limit = min(places[index], limit)
        limit -= LABEL_HEIGHT
    moved = dict(zip(order, places, strict=True))
    return [{**curve, "label_y": round(moved[index], 1)} for index, curve in enumerate(curves)]
