"""Digits drawn from stroke skeletons by several methods, independent of MNIST and of the code that reads them.

Each digit has several ways of writing it, such as an open 4 of two strokes or a crossed 7. The parameters' ranges were set before
any result was seen. ``STYLES`` are for development; ``LATE_STYLES`` are only for the reported numbers. Everything follows from
the generator's seed.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from .handwriting import Field, Photo, laid_out, photographed

Points = npt.NDArray[np.float64]
Strokes = list[Points]
SKELETONS: dict[str, dict[str, str]] = {
    "0": {
        "oval": "50 0, 22 15, 8 50, 22 86, 50 100, 78 86, 92 50, 78 14, 50 0",
        "open": "60 4, 28 10, 10 48, 24 90, 55 98, 84 78, 88 36, 70 8, 56 12",
    },
    "1": {
        "plain": "52 0, 50 50, 48 100",
        "flag": "22 28, 40 14, 56 0 | 56 0, 55 50, 54 100",
        "foot": "28 24, 52 0 | 52 0, 52 100 | 22 100, 82 100",
        "slanted": "72 0, 50 50, 28 100",
    },
    "2": {
        "swan": "12 26, 26 4, 58 0, 82 18, 72 46, 38 76, 10 98, 50 92, 92 98",
        "loop": "14 22, 40 0, 76 10, 76 40, 40 80, 12 96, 8 84, 24 80, 56 98, 92 94",
        "angular": "12 14, 50 0, 86 20, 14 98 | 14 98, 90 98",
    },
    "3": {
        "round": "14 12, 46 0, 80 16, 70 42, 38 48 | 38 48, 80 54, 88 80, 50 100, 10 88",
        "flat": "12 2, 84 2 | 84 2, 44 40 | 44 40, 82 50, 88 80, 52 100, 10 90",
    },
    "4": {
        "closed": "66 0, 8 66 | 8 66, 92 66 | 66 0, 66 100",
        "open": "26 2, 12 58 | 12 58, 90 56 | 66 14, 62 100",
        "parted": "26 2, 12 58 | 12 58, 56 57 | 74 8, 70 100",
        "parted short": "22 4, 10 50 | 10 50, 44 50 | 66 0, 64 100",
    },
    "5": {
        "joined": "86 2, 24 2 | 24 2, 18 46 | 18 46, 56 38, 86 62, 66 96, 12 94",
        "one stroke": "84 0, 30 4, 20 44, 60 40, 84 66, 62 98, 14 92",
        "parted": "18 8, 16 46 | 16 46, 56 38, 84 62, 64 96, 10 94 | 36 2, 90 0",
        "parted far": "14 14, 14 48 | 14 48, 54 40, 78 64, 60 96, 10 94 | 44 4, 98 -4",
    },
    "6": {
        "curl": "72 0, 34 26, 12 66, 30 98, 66 96, 80 72, 56 52, 20 66",
        "straight": "62 0, 16 62 | 16 62, 24 96, 62 98, 78 76, 56 56, 18 68",
    },
    "7": {
        "plain": "10 4, 88 2 | 88 2, 44 100",
        "crossed": "10 4, 88 2 | 88 2, 42 100 | 30 52, 84 48",
        "footed": "12 18, 12 2 | 12 2, 88 4 | 88 4, 44 100 | 32 52, 82 50",
        "curved": "8 8, 46 0, 86 6, 62 40, 48 100",
    },
    "8": {
        "crossing": "74 12, 42 0, 20 22, 50 46, 80 74, 50 100, 20 78, 48 50, 78 24, 72 10",
        "two rings": "50 0, 24 12, 26 38, 50 47, 74 38, 76 12, 50 0 | 50 47, 16 62, 20 92, 50 100, 80 92, 84 62, 50 47",
    },
    "9": {
        "straight": "78 20, 50 0, 20 20, 28 46, 60 44, 78 20 | 78 16, 74 100",
        "curved": "80 16, 46 0, 18 24, 40 48, 78 24 | 78 24, 78 70, 52 100, 20 90",
        "slanted": "76 18, 46 2, 20 26, 40 46, 76 18 | 76 18, 36 100",
    },
}
"""Strokes of each digit by way of writing: points in hundredths across and down; two points are a straight line."""


def ways_of(label: str, *, parted: bool) -> list[str]:
    """The ways of writing a digit whose strokes touch, or those where one is apart, which 4 and 5 have."""
    return [way for way in SKELETONS[label] if way.startswith("parted") == parted]


def skeleton(label: str, way: str, random: np.random.Generator) -> Strokes:
    """The strokes (n, 2) of a digit as points across and down in a box 1 high, with slant, width and wobble of its own."""
    strokes = [
        np.array([[float(number) for number in point.split()] for point in stroke.split(",")]) / 100
        for stroke in SKELETONS[label][way].split("|")
    ]
    slant, aspect = random.uniform(-0.12, 0.3), random.uniform(0.5, 0.8)
    moved = {tuple(point): random.normal(0, 0.02, 2) for stroke in strokes for point in stroke}
    drawn = []
    for stroke in strokes:
        points = _curve(np.array([point + moved[tuple(point)] for point in stroke]))
        drawn.append(np.stack([points[:, 0] * aspect + slant * (0.5 - points[:, 1]), points[:, 1]], axis=1))
    return drawn


def _curve(points: Points) -> Points:
    """A Catmull-Rom spline through points (n, 2), 24 samples from each to the next."""
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    place = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * place + (2 * a - 5 * b + 4 * c - d) * place**2 + (3 * b - a - 3 * c + d) * place**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*pieces, points[-1:]])


def _placed(strokes: Strokes, height: int, margin: float) -> tuple[Strokes, tuple[int, int]]:
    """Strokes in pixels, and the size of a canvas with a margin around them."""
    scaled = [stroke * height for stroke in strokes]
    low, high = (extreme(np.concatenate(scaled), axis=0) for extreme in (np.min, np.max))
    across, down = np.ceil(high - low + 2 * margin).astype(int)
    return [stroke - low + margin for stroke in scaled], (int(down), int(across))


def line(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """Pillow's lines with round joints and ends, four times as large, reduced."""
    placed, (down, across) = _placed(strokes, height, width + 3)
    image = Image.new("L", (4 * across, 4 * down))
    pen = ImageDraw.Draw(image)
    for stroke in placed:
        points = [(4 * x, 4 * y) for x, y in stroke]
        pen.line(points, fill=255, width=max(1, round(4 * width)), joint="curve")
        for x, y in points:
            pen.ellipse((x - 2 * width, y - 2 * width, x + 2 * width, y + 2 * width), fill=255)
    return np.asarray(image.resize((across, down), Image.Resampling.BOX), np.float64) / 255


def brush(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """Round stamps whose width grows and shrinks along each stroke by up to 45%."""
    placed, shape = _placed(strokes, height, 1.5 * width + 3)
    ink = np.zeros(shape)
    rows, columns = np.indices(shape)
    for stroke in placed:
        phase, waves = random.uniform(0, 2 * np.pi), random.uniform(0.5, 1.5)
        places = _resampled(stroke, max(0.5, width / 4))
        for number, (x, y) in enumerate(places):
            radius = width / 2 * (1 + 0.45 * np.sin(phase + 2 * np.pi * waves * number / len(places)))
            reach = int(radius) + 2
            part = np.s_[max(0, int(y) - reach) : int(y) + reach + 2, max(0, int(x) - reach) : int(x) + reach + 2]
            stamp = np.clip(radius + 0.5 - np.hypot(rows[part] - y, columns[part] - x), 0, 1)
            np.maximum(ink[part], stamp, out=ink[part])
    return ink


def pencil(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """Lines that the grain of the paper takes up unevenly."""
    ink = line(strokes, height, width, random)
    grain = ndimage.gaussian_filter(random.normal(0, 1, ink.shape), 0.7)
    return ink * np.clip(random.uniform(0.55, 0.85) + 0.35 * grain / grain.std(), 0.15, 1)


def felt(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """A chisel tip: lines are wider across than along its edge, and bleed a little."""
    placed, (down, across) = _placed(strokes, height, 1.5 * width + 3)
    image = Image.new("L", (4 * across, 4 * down))
    pen, turn = ImageDraw.Draw(image), random.uniform(0, np.pi)
    edge = 2.4 * width * np.array([np.cos(turn), np.sin(turn)])
    for stroke in placed:
        places = 4 * _resampled(stroke, 0.5)
        for one, two in itertools.pairwise(places):
            pen.polygon([tuple(point) for point in (one - edge, one + edge, two + edge, two - edge)], fill=255)
        pen.line([tuple(point) for point in places], fill=255, width=max(1, round(2.4 * width)), joint="curve")
    ink = np.asarray(image.resize((across, down), Image.Resampling.BOX), np.float64) / 255
    return np.clip(1.2 * ndimage.gaussian_filter(ink, 0.12 * width), 0, 1)


def ball_pen(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """A trembling thin line that fails here and there for up to a twelfth of the height, with blots where it begins."""
    placed, shape = _placed(strokes, height, 1.5 * width + 3)
    ink = np.zeros(shape)
    for stroke in placed:
        places = _resampled(stroke, 0.25)
        places += ndimage.gaussian_filter1d(random.normal(0, 1, places.shape), 8, axis=0) * 0.04 * height**0.5
        keep = np.ones(len(places), bool)
        for _ in range(int(random.integers(0, 2))):
            start = int(random.integers(0, len(places)))
            keep[start : start + int(random.uniform(0.1, 1) * height / 12 / 0.25)] = False
        mask = np.zeros(shape, bool)
        mask[tuple(np.clip(np.round(places[keep]).astype(int), 0, np.array(shape)[::-1] - 1).T[::-1])] = True
        if mask.any():
            ink = np.maximum(ink, np.clip(width / 2 + 0.5 - ndimage.distance_transform_edt(~mask), 0, 1))
        x, y = placed[0][0]
        rows, columns = np.indices(shape)
        ink = np.maximum(ink, np.clip(0.75 * width + 0.5 - np.hypot(rows - y, columns - x), 0, 1))
    return ink * np.clip(0.8 + 0.6 * ndimage.gaussian_filter(random.uniform(-1, 1, shape), 2), 0, 1)


def chalk(strokes: Strokes, height: int, width: float, random: np.random.Generator) -> Field:
    """A warped line with a ragged edge and holes."""
    ink = line(strokes, height, width, random)
    fields = [ndimage.gaussian_filter(random.normal(0, 1, ink.shape), height / 6) for _ in range(2)]
    places = [
        place + field / field.std() * 0.02 * height for place, field in zip(np.indices(ink.shape), fields, strict=True)
    ]
    ink = ndimage.map_coordinates(ink, places, order=1)
    rough = ndimage.gaussian_filter(random.normal(0, 1, ink.shape), 0.8)
    return np.clip(ink * (0.85 + 0.45 * rough / rough.std()), 0, 1)


def _resampled(stroke: Points, step: float) -> Points:
    """Points at even distances along a stroke (n, 2)."""
    lengths = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
    at = np.linspace(0, lengths[-1], max(2, int(lengths[-1] / step)))
    return np.stack([np.interp(at, lengths, stroke[:, axis]) for axis in (0, 1)], axis=1)


Style = Callable[[Strokes, int, float, np.random.Generator], Field]
STYLES: dict[str, Style] = {"line": line, "brush": brush, "pencil": pencil, "felt": felt}
LATE_STYLES: dict[str, Style] = {"ball pen": ball_pen, "chalk": chalk}


def drawn(
    label: str, height: int, style: Style, random: np.random.Generator, *, ways: Sequence[str] = (), thin: bool = False
) -> Field:
    """A digit as ink 0..1, about ``height`` pixels high; at 20, strokes are 0.7 to 4.5 pixels wide, or 1 if ``thin``."""
    way = str(random.choice(list(ways or SKELETONS[label])))
    width = max(1.0, height / 20 * float(np.exp(random.uniform(np.log(0.7), np.log(4.5)))))
    return style(skeleton(label, way, random), height, height / 20 if thin else width, random)


def typed(label: str, height: int, font: Path) -> Field:
    """A digit of a font as ink 0..1."""
    letters = ImageFont.truetype(str(font), height)
    left, top, right, bottom = letters.getbbox(label)
    image = Image.new("L", (int(right - left) + 6, int(bottom - top) + 6))
    ImageDraw.Draw(image).text((3 - left, 3 - top), label, fill=255, font=letters)
    return np.asarray(image, np.float64) / 255


def sheet_of(
    inks: list[Field], labels: str, rows: list[int], gap: tuple[float, float], random: np.random.Generator, *, turn: int = 0
) -> Photo:
    """Digits in rows, on flat paper or photographed, in equal parts; ``turn`` counts quarter turns to the left."""
    ink = np.rot90(laid_out(inks, rows, random, gap=gap), turn)
    about = f"{labels} in rows of {rows}"
    if random.random() < 0.5:
        content, how = photographed(ink, random)
        return Photo(content, tuple(labels), f"{about}: {how}")
    dark = random.random() < 0.3
    file = io.BytesIO()
    Image.fromarray(np.asarray(np.round(255 * (ink if dark else 1 - ink)), np.uint8)).save(file, "PNG")
    return Photo(file.getvalue(), tuple(labels), f"{about}: {'light on dark' if dark else 'dark on light'}")
