"""Photos of handwriting, made: digits of MNIST or of splines, in a pen's colour, on paper with grain, ruling, light and shade,
held askew, blurred, noisy and saved as JPEG. For tests and for ``benchmarks/photos.py``; all by the generator's seed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import interpolate, ndimage

Grey = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float64]
PENS = {
    "black": (30, 30, 35),
    "blue": (35, 55, 150),
    "red": (190, 40, 45),
    "green": (25, 110, 60),
    "pencil": (95, 95, 100),
    "violet": (95, 45, 130),
}
RULINGS = ("plain", "plain", "ruled", "squared")
GLYPHS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(0.5, 0.0), (0.15, 0.2), (0.1, 0.6), (0.4, 1.0), (0.8, 0.75), (0.85, 0.3), (0.5, 0.0)]],
    "1": [[(0.6, 0.0), (0.55, 0.35), (0.5, 0.7), (0.45, 1.0)]],
    "2": [
        [(0.15, 0.2), (0.45, 0.0), (0.8, 0.2), (0.65, 0.5), (0.35, 0.75), (0.1, 0.98)],
        [(0.1, 0.98), (0.5, 0.95), (0.9, 0.97)],
    ],
    "3": [
        [(0.15, 0.1), (0.55, 0.0), (0.8, 0.2), (0.6, 0.42), (0.4, 0.47)],
        [(0.4, 0.47), (0.75, 0.55), (0.8, 0.85), (0.45, 1.0), (0.1, 0.9)],
    ],
    "4": [
        [(0.35, 0.05), (0.22, 0.32), (0.1, 0.6)],
        [(0.1, 0.6), (0.5, 0.6), (0.9, 0.57)],
        [(0.68, 0.2), (0.65, 0.6), (0.62, 1.0)],
    ],
    "5": [
        [(0.25, 0.03), (0.22, 0.25), (0.18, 0.45)],
        [(0.18, 0.45), (0.55, 0.4), (0.8, 0.65), (0.6, 0.95), (0.1, 0.93)],
        [(0.25, 0.03), (0.55, 0.03), (0.85, 0.0)],
    ],
    "6": [[(0.65, 0.0), (0.3, 0.3), (0.15, 0.7), (0.4, 1.0), (0.78, 0.8), (0.6, 0.55), (0.2, 0.7)]],
    "7": [[(0.1, 0.05), (0.5, 0.04), (0.88, 0.03)], [(0.88, 0.03), (0.6, 0.5), (0.4, 1.0)]],
    "8": [
        [(0.55, 0.48), (0.2, 0.25), (0.5, 0.0), (0.8, 0.22), (0.5, 0.48)],
        [(0.5, 0.48), (0.2, 0.75), (0.5, 1.0), (0.8, 0.75), (0.55, 0.48)],
    ],
    "9": [[(0.78, 0.25), (0.45, 0.02), (0.2, 0.25), (0.45, 0.48), (0.78, 0.25)], [(0.78, 0.25), (0.74, 0.6), (0.62, 1.0)]],
}
"""Strokes of each digit, as points in a box of 1 × 1: across, down."""


@dataclass(frozen=True)
class Photo:
    """``content``: the bytes of a JPEG; ``labels`` in reading order."""

    content: bytes
    labels: tuple[str, ...]
    about: str


def enlarged(image: Grey, height: int, random: np.random.Generator) -> Field:
    """A digit of MNIST (28, 28) as ink 0..1 with sharp edges, its ink ``height`` pixels high, thinner or thicker at random."""
    rows = np.flatnonzero(image.any(axis=1))
    scale = height / (rows[-1] - rows[0] + 1)
    large = ndimage.zoom(np.pad(image.astype(np.float64), 2), scale, order=3)
    level = random.uniform(80, 150)
    return np.clip((large - level) / 30 + 0.5, 0, 1)


def penned(label: str, height: int, random: np.random.Generator) -> Field:
    """A digit of splines as ink 0..1, drawn with a pen a twentieth to an eighth of its height wide."""
    width = height * random.uniform(0.05, 0.12)
    slant, aspect = random.uniform(-0.15, 0.2), random.uniform(0.55, 0.8)
    canvas = np.zeros((int(height * 1.3), int(height * 1.3)))
    shared = {point: random.normal(0, 0.025, 2) for stroke in GLYPHS[label] for point in stroke}
    for stroke in GLYPHS[label]:
        points = np.array([np.add(point, shared[point]) for point in stroke])
        spline, _ = interpolate.splprep(points.T, s=0, k=min(3, len(points) - 1))
        across, down = interpolate.splev(np.linspace(0, 1, 8 * height), spline)
        across = (across * aspect + slant * (0.5 - down)) * height + 0.3 * height
        place = np.round([down * height + 0.15 * height, across]).astype(int)
        canvas[tuple(np.clip(place, 0, canvas.shape[0] - 1))] = 1
    return np.clip((width / 2 - ndimage.distance_transform_edt(canvas == 0)) + 0.5, 0, 1)


def laid_out(
    inks: list[Field], rows: list[int], random: np.random.Generator, *, gap: tuple[float, float] = (0.35, 0.8)
) -> Field:
    """Digits in rows of so many, each a little higher or lower, with gaps as shares of the height: the ink of the sheet."""
    trimmed = [_trimmed(ink) for ink in inks]
    tallest = max(ink.shape[0] for ink in trimmed)
    placed, down, index = [], random.uniform(0.4, 0.9) * tallest, 0
    for count in rows:
        across = random.uniform(0.4, 1.0) * tallest
        for ink in trimmed[index : index + count]:
            placed.append((int(down + random.uniform(-0.08, 0.08) * tallest), int(across), ink))
            across += ink.shape[1] + random.uniform(*gap) * tallest
        index += count
        down += tallest * random.uniform(1.5, 2.0)
    width = int(max(left + ink.shape[1] for _, left, ink in placed) + random.uniform(0.4, 1.0) * tallest)
    sheet = np.zeros((int(down), width))
    for top, left, ink in placed:
        part = sheet[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    return sheet


def photographed(ink: Field, random: np.random.Generator, *, pen: str = "", ruling: str = "") -> tuple[bytes, str]:
    """Ink 0..1 (h, w) on paper, under a lamp, through a camera: a JPEG, and what was done."""
    pen, ruling = pen or str(random.choice(list(PENS))), ruling or str(random.choice(RULINGS))
    angle = random.uniform(-10, 10)
    ink = np.clip(ndimage.rotate(ink, angle, order=1, mode="constant"), 0, 1)
    shape = ink.shape
    paper = np.array([random.uniform(225, 252)] * 3) - [0, random.uniform(0, 4), random.uniform(0, 18)]
    grain = ndimage.gaussian_filter(random.normal(0, 1, shape), 1.2) * random.uniform(4, 10)
    picture = paper + (grain + _cloud(shape, random) * 4)[..., None]
    picture = _ruled(picture, ruling, angle, random)
    cover = ink * np.clip(random.uniform(0.8, 0.95) + 0.12 * ndimage.gaussian_filter(random.normal(0, 1, shape), 1), 0, 1)
    picture = picture * (1 - cover[..., None]) + np.array(PENS[pen]) * cover[..., None]
    picture = picture * _light(shape, random)[..., None]
    picture = ndimage.gaussian_filter(picture, (*[random.uniform(0.4, 1.3)] * 2, 0))
    picture += random.normal(0, random.uniform(1, 4), picture.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=int(random.integers(60, 93)))
    return file.getvalue(), f"{pen} on {ruling} paper, {angle:+.0f}°, {shape[1]} × {shape[0]}"


def photo_of_one(ink: Field, label: str, random: np.random.Generator, *, ruling: str = "") -> Photo:
    """One digit somewhere in the middle of a sheet."""
    trimmed = _trimmed(ink)
    room = [int(random.uniform(0.35, 1.4) * max(trimmed.shape)) for _ in range(4)]
    sheet = np.pad(trimmed, ((room[0], room[1]), (room[2], room[3])))
    content, about = photographed(sheet, random, ruling=ruling)
    return Photo(content, (label,), f"{label}: {about}")


def photo_of_sheet(inks: list[Field], labels: list[str], rows: list[int], random: np.random.Generator) -> Photo:
    """Digits in rows."""
    content, about = photographed(laid_out(inks, rows, random), random)
    return Photo(content, tuple(labels), f"{''.join(labels)} in rows of {rows}: {about}")


def photo_in_bad_light(ink: Field, label: str, random: np.random.Generator) -> Photo:
    """One digit photographed in a dim room beside a lamp: underexposed, a hard shadow, a colour cast, noisy, out of focus."""
    photo = photo_of_one(ink, label, random)
    picture = np.asarray(Image.open(io.BytesIO(photo.content)).convert("RGB"), np.float64)
    exposure, cast = random.uniform(0.3, 0.6), random.uniform(0.75, 1.0, 3)
    picture = picture * exposure * cast * _light(picture.shape[:2], random)[..., None]
    picture = ndimage.gaussian_filter(picture, (*[random.uniform(1, 2.5)] * 2, 0))
    picture += random.normal(0, random.uniform(3, 7), picture.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=int(random.integers(40, 75)))
    return Photo(file.getvalue(), (label,), f"{photo.about}, in bad light, exposure {exposure:.2f}")


def drawing_pad(ink: Field, label: str, random: np.random.Generator) -> Photo:
    """A screenshot of a drawing pad: a dark or light page, a title, a pad in the contrary or the same colour, buttons below."""
    side = int(random.integers(180, 420))
    trimmed = _trimmed(ink)
    scale = random.uniform(0.5, 0.85) * side / max(trimmed.shape)
    small = np.clip(ndimage.zoom(trimmed, scale, order=1), 0, 1)
    top, left = (int(random.uniform(0.2, 0.8) * (side - length)) for length in small.shape)
    drawn = np.zeros((side, side))
    drawn[top : top + small.shape[0], left : left + small.shape[1]] = small
    page, paper = (255, 0) if random.random() < 0.5 else (int(random.integers(235, 256)), 255)
    if random.random() < 0.3:
        page, paper = int(random.integers(20, 50)), 255 - paper
    pen, line = 255 - paper, 2 if abs(page - paper) < 60 else int(random.integers(0, 3))
    across, down = side + int(random.integers(120, 400)), side + int(random.integers(140, 260))
    picture = np.full((down, across), page, np.uint8)
    top, left = int(random.integers(50, down - side - 60)), int(random.integers(30, across - side - 30))
    picture[top - line : top + side + line, left - line : left + side + line] = 128
    picture[top : top + side, left : left + side] = np.round(paper + drawn * (pen - paper))
    for number in range(int(random.integers(1, 3))):  # buttons
        place = slice(top + side + 18, top + side + 42), slice(left + 90 * number, left + 90 * number + 70)
        picture[place] = 128
        picture[place[0].start + 2 : place[0].stop - 2, place[1].start + 2 : place[1].stop - 2] = page
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return Photo(file.getvalue(), (label,), f"{label}: pad of {side} pixels, {pen} on {paper}, on a page of {page}")


def sheet_of_photos(digits: str, random: np.random.Generator) -> Grey:
    """Photos of one digit each, side by side on a light page."""
    sheet = np.full((200, 20 + 200 * len(digits)), 235, np.uint8)
    for place, digit in enumerate(digits):
        photo = Image.open(io.BytesIO(photo_of_one(penned(digit, 160, random), digit, random).content))
        small = np.asarray(photo.convert("L").resize((180, 180)))
        sheet[10:190, 20 + 200 * place : 200 + 200 * place] = np.minimum(235, small)
    return sheet


def _trimmed(ink: Field) -> Field:
    rows, columns = np.flatnonzero((ink > 0.05).any(axis=1)), np.flatnonzero((ink > 0.05).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _cloud(shape: tuple[int, int], random: np.random.Generator) -> Field:
    """Smooth noise, -1..1: paper is never even."""
    return np.asarray(
        ndimage.zoom(random.uniform(-1, 1, (6, 6)), (shape[0] / 6, shape[1] / 6), order=3, grid_mode=True, mode="nearest")
    )[: shape[0], : shape[1]]


def _light(shape: tuple[int, int], random: np.random.Generator) -> Field:
    """What falls on each place, 0..1: more on one side, less in the corners, and a shadow with a soft edge."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, length) for length in shape), indexing="ij")
    turn = random.uniform(0, 2 * np.pi)
    along = down * np.sin(turn) + across * np.cos(turn)
    light = 1 - random.uniform(0.0, 0.25) * (1 - along) - random.uniform(0, 0.1) * (down**2 + across**2)
    turn, place, softness = random.uniform(0, 2 * np.pi), random.uniform(-0.7, 0.7), random.uniform(0.05, 0.4)
    edge = (down * np.sin(turn) + across * np.cos(turn) - place) / softness
    return np.asarray(np.clip(light, 0.2, 1) * (1 - random.uniform(0, 0.4) / (1 + np.exp(-4 * edge))))


def _ruled(picture: Field, ruling: str, angle: float, random: np.random.Generator) -> Field:
    if ruling == "plain":
        return picture
    down, across = np.indices(picture.shape[:2])
    turn = np.radians(angle + random.uniform(-2, 2))
    step, wide = max(picture.shape[:2]) / random.uniform(8, 16), max(1.5, max(picture.shape[:2]) / 500)
    line = (down * np.cos(turn) + across * np.sin(turn)) % step < wide
    if ruling == "squared":
        line |= (across * np.cos(turn) - down * np.sin(turn)) % step < wide
    return picture - line[..., None] * np.array([45, 28, 12]) * random.uniform(0.6, 1.1)
