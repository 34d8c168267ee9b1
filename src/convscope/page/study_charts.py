"""Where things lie in the drawings of a study's page: accuracies and differences on lines, learning curves on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from .formats import percent, whole

LENGTH = 1000
AIR = 0.06
SMALLEST_SPAN = 1e-4
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 380, 62, 168, 16, 46
"""Of the learning curves, in pixels: the whole, and what the labels take on each side."""
LABEL_HEIGHT = 18
NUM_HUES, LONGEST_LABEL = 6, 24
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Line:
    """A line from ``low`` to ``high``, a thousand units long."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of ``value``; what lies beyond an end is put at it."""
        place = LENGTH * (value - self.low) / (self.high - self.low)
        return round(min(max(place, 0.0), LENGTH), 1)

    def length(self, interval: Sequence[float]) -> float:
        """Of an interval."""
        return round(self.at(interval[1]) - self.at(interval[0]), 1)


@dataclass(frozen=True)
class Mark:
    """A tick of an axis."""

    place: float
    label: str


@dataclass(frozen=True)
class Curve:
    """A configuration's line: places of its means, ends of its intervals, dots of its seeds."""

    name: str
    """Cut short where it is long."""
    hue: int
    path: str
    bars: tuple[tuple[float, float, float], ...]
    """x, top and bottom."""
    dots: tuple[tuple[float, float], ...]
    means: tuple[tuple[float, float], ...]
    label_y: float


@dataclass(frozen=True)
class Curves:
    """A chart of errors against training images."""

    across: tuple[Mark, ...]
    down: tuple[Mark, ...]
    curves: tuple[Curve, ...]


def line_of_accuracies(rows: Sequence[Mapping[str, Any]]) -> Line:
    """Wide enough for every seed and interval, but not above 1."""
    values = [value for row in rows for value in (*row["accuracies"], *(row["interval"] or ()))]
    low, high = min(values), max(values)
    air = max(AIR * (high - low), SMALLEST_SPAN)
    return Line(max(0.0, low - air), min(1.0, high + air))


def line_of_differences(pairs: Sequence[Mapping[str, Any]]) -> Line:
    """With zero in the middle."""
    reach = max(abs(end) for pair in pairs for end in pair["interval"])
    reach = max((1 + AIR) * reach, SMALLEST_SPAN)
    return Line(-reach, reach)


def draw_curves(curves: Sequence[Mapping[str, Any]]) -> Curves | None:
    """Nothing where an error of 0 has no place on the axis for any of the curves."""
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
    return Curves(
        tuple(Mark(x(size), whole(size)) for size in _sparse(sizes, x)),
        tuple(
            Mark(y(error), percent(error, max(0, 1 - floor(log10(100 * error))) if error < 0.1 else 0))
            for error in down.marks
        ),
        tuple(_with_labels_apart(drawn)),
    )


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    marks: tuple[float, ...]

    def share(self, value: float) -> float:
        place = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low)) if value > 0 else 0.0
        return min(max(place, 0.0), 1.0)


def _axis(low: float, high: float) -> _Axis:
    """A little wider than what it shows; marks at 1, 2 and 5 times powers of ten."""
    low, high = low / 1.12, high * 1.12
    marks = (step * 10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1) for step in STEPS)
    return _Axis(low, high, tuple(mark for mark in marks if low <= mark <= high))


def _sparse(sizes: Sequence[int], x: Any) -> list[int]:
    """Sizes whose labels do not run into each other; the last one always has its own."""
    kept = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if x(kept[-1]) - x(size) >= 52:
            kept.append(size)
    return kept[::-1]


def _curve(curve: Mapping[str, Any], place: int, x: Any, y: Any) -> Curve:
    points = curve["points"]
    means = [(x(point["images"]), y(point["error"]["mean"])) for point in points]
    bars = [(x(point["images"]), y(point["error"]["interval"][1]), y(point["error"]["interval"][0]))
            for point in points if point["error"]["interval"]]  # fmt: skip
    dots = [(x(point["images"]), y(error)) for point in points for error in point["errors"] if error > 0]
    path = "M" + "L".join(f"{across} {down}" for across, down in means)
    name = curve["name"] if len(curve["name"]) <= LONGEST_LABEL else f"{curve['name'][: LONGEST_LABEL - 1]}…"
    return Curve(name, place % NUM_HUES, path, tuple(bars), tuple(dots), tuple(means), means[-1][1])


def _with_labels_apart(curves: Sequence[Curve]) -> list[Curve]:
    """Names at the ends of their lines, moved down where two would touch, and up again from the bottom."""
    order = sorted(range(len(curves)), key=lambda index: curves[index].label_y)
    places = [curves[index].label_y for index in order]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + LABEL_HEIGHT)
    limit = float(HEIGHT - BOTTOM)
    for index in reversed(range(len(places))):
        places[index] = limit = min(places[index], limit)
        limit -= LABEL_HEIGHT
    moved = dict(zip(order, places, strict=True))
    return [Curve(**{**curve.__dict__, "label_y": round(moved[index], 1)}) for index, curve in enumerate(curves)]
