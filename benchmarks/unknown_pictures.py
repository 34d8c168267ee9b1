"""Pictures that show no digit, of fourteen kinds, and digits that are not MNIST's, for ``benchmarks/out_of_distribution.py``.

Kinds of ``CHOOSING`` serve to choose between scores, those of ``REPORTED`` to report rates. Photos come from the wheels of
scikit-image and scikit-learn, clothes from Debian's package dataset-fashion-mnist, fonts from DejaVu; the rest is drawn.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Picture = npt.NDArray[np.uint8]
Random = np.random.Generator
SIDE = 160
"""Of a drawn picture, in pixels."""
FONTS = Path("/usr/share/fonts/truetype/dejavu")
FASHION = Path("/usr/share/datasets/fashion-mnist")
COLOR_PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png",
                "retina.jpg", "rocket.jpg")  # fmt: skip
GREY_PHOTOS = ("brick.png", "camera.png", "cell.png", "coins.png", "grass.png", "gravel.png", "moon.png", "page.png")


def glyph(characters: str, *fonts: str) -> Callable[[Random], Picture]:
    """Return a drawer of one of ``characters`` in one of ``fonts``, dark on light, slightly slanted."""

    def draw(random: Random) -> Picture:
        picture = Image.new("L", (SIDE, SIDE), 255)
        font = ImageFont.truetype(FONTS / f"DejaVu{random.choice(fonts)}.ttf", int(random.uniform(0.5, 0.75) * SIDE))
        ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), str(random.choice(list(characters))), 0, font, anchor="mm")
        return np.asarray(picture.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor=255))

    return draw


def strokes(make: Callable[[Random], list[npt.NDArray[np.float64]]]) -> Callable[[Random], Picture]:
    """Return a drawer of lines through points in a unit square, with a pen a twentieth to an eighth wide."""

    def draw(random: Random) -> Picture:
        picture = Image.new("L", (SIDE, SIDE), 255)
        pen, width = ImageDraw.Draw(picture), int(random.uniform(0.05, 0.12) * 0.7 * SIDE)
        for points in make(random):
            line = [(float(x), float(y)) for x, y in (points * 0.7 + 0.15) * SIDE]
            pen.line(line, 0, width, joint="curve")
            for x, y in line:
                pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 0)
        return np.asarray(picture)

    return draw


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> npt.NDArray[np.float64]:
    turn = np.radians(np.linspace(start, end, 24))
    return np.stack([cx + rx * np.cos(turn), cy + ry * np.sin(turn)], axis=1)


def _line(*points: tuple[float, float]) -> npt.NDArray[np.float64]:
    corners = np.array(points, float)
    return np.concatenate([np.linspace(a, b, 12) for a, b in pairwise(corners)])


LETTERS: dict[str, list[npt.NDArray[np.float64]]] = {
    "A": [_line((0.05, 1), (0.5, 0), (0.95, 1)), _line((0.22, 0.62), (0.78, 0.62))],
    "a": [_arc(0.45, 0.6, 0.33, 0.35, 0, -360), _line((0.78, 0.25), (0.78, 0.9), (0.95, 0.97))],
    "C": [_arc(0.55, 0.5, 0.42, 0.5, -45, -315)],
    "E": [_line((0.9, 0), (0.15, 0), (0.15, 1), (0.9, 1)), _line((0.15, 0.48), (0.7, 0.48))],
    "e": [_line((0.15, 0.5), (0.85, 0.5)), _arc(0.5, 0.5, 0.36, 0.4, 0, -310)],
    "F": [_line((0.9, 0), (0.2, 0), (0.2, 1)), _line((0.2, 0.45), (0.7, 0.45))],
    "f": [_arc(0.65, 0.22, 0.22, 0.22, -20, -180), _line((0.43, 0.2), (0.43, 1)), _line((0.15, 0.45), (0.75, 0.45))],
    "H": [_line((0.1, 0), (0.1, 1)), _line((0.9, 0), (0.9, 1)), _line((0.1, 0.5), (0.9, 0.5))],
    "J": [_line((0.7, 0), (0.7, 0.7)), _arc(0.4, 0.7, 0.3, 0.3, 0, 150)],
    "K": [_line((0.15, 0), (0.15, 1)), _line((0.85, 0), (0.15, 0.55), (0.85, 1))],
    "k": [_line((0.2, 0), (0.2, 1)), _line((0.7, 0.4), (0.2, 0.7), (0.75, 1))],
    "L": [_line((0.2, 0), (0.2, 1), (0.85, 1))],
    "M": [_line((0.05, 1), (0.12, 0), (0.5, 0.7), (0.88, 0), (0.95, 1))],
    "m": [_line((0.05, 0.3), (0.05, 1)), _arc(0.27, 0.5, 0.22, 0.22, -180, 0), _line((0.49, 0.5), (0.49, 1)),
          _arc(0.71, 0.5, 0.22, 0.22, -180, 0), _line((0.93, 0.5), (0.93, 1))],
    "N": [_line((0.12, 1), (0.12, 0), (0.88, 1), (0.88, 0))],
    "n": [_line((0.2, 0.3), (0.2, 1)), _arc(0.5, 0.55, 0.3, 0.27, -180, 0), _line((0.8, 0.55), (0.8, 1))],
    "P": [_line((0.2, 1), (0.2, 0)), _arc(0.25, 0.27, 0.5, 0.27, -90, 90)],
    "R": [_line((0.2, 1), (0.2, 0)), _arc(0.25, 0.26, 0.5, 0.26, -90, 90), _line((0.3, 0.52), (0.85, 1))],
    "T": [_line((0.05, 0.02), (0.95, 0)), _line((0.5, 0), (0.5, 1))],
    "U": [_line((0.1, 0), (0.1, 0.65)), _arc(0.5, 0.65, 0.4, 0.35, 180, 0), _line((0.9, 0.65), (0.9, 0))],
    "V": [_line((0.05, 0), (0.5, 1), (0.95, 0))],
    "W": [_line((0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0))],
    "X": [_line((0.1, 0), (0.9, 1)), _line((0.9, 0), (0.1, 1))],
    "Y": [_line((0.1, 0), (0.5, 0.5), (0.9, 0)), _line((0.5, 0.5), (0.5, 1))],
}  # fmt: skip
"""Strokes of letters that resemble no digit, in a unit square: across, down."""


def _by_hand(paths: list[npt.NDArray[np.float64]], random: Random) -> list[npt.NDArray[np.float64]]:
    """Return the strokes narrowed, slanted, turned and with a tremor, as a hand would draw them."""
    turn, slant, aspect = random.uniform(-0.15, 0.15), random.uniform(-0.15, 0.25), random.uniform(0.6, 0.95)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ [[aspect, 0], [-slant, 1]]
    tremor = [ndimage.gaussian_filter1d(random.normal(0, 0.12, path.shape), 6, axis=0, mode="nearest") for path in paths]
    return [(path - 0.5 + shake) @ matrix + 0.5 for path, shake in zip(paths, tremor, strict=True)]


def _letter(random: Random) -> list[npt.NDArray[np.float64]]:
    return _by_hand(LETTERS[str(random.choice(list(LETTERS)))], random)


def _shape(random: Random) -> list[npt.NDArray[np.float64]]:
    triangle = [_line((0.5, 0.05), (0.95, 0.9), (0.05, 0.9), (0.5, 0.05))]
    square = [_line((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1))]
    diamond = [_line((0.5, 0), (0.9, 0.5), (0.5, 1), (0.1, 0.5), (0.5, 0))]
    plus = [_line((0.5, 0.05), (0.5, 0.95)), _line((0.05, 0.5), (0.95, 0.5))]
    times = [_line((0.1, 0.1), (0.9, 0.9)), _line((0.9, 0.1), (0.1, 0.9))]
    return _by_hand((triangle, square, diamond, plus, times)[int(random.integers(5))], random)


def _scribble(random: Random) -> list[npt.NDArray[np.float64]]:
    paths = []
    for _ in range(int(random.integers(1, 4))):
        heading = np.cumsum(random.normal(0, 0.5, int(random.integers(15, 50)))) + random.uniform(0, 6.3)
        path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
        paths.append((path - path.min(axis=0)) / max(float(np.ptp(path, axis=0).max()), 1e-6))
    return paths


def _curve(random: Random) -> list[npt.NDArray[np.float64]]:
    turn, (across, down) = np.linspace(0, 2 * np.pi, 200), random.choice([(1, 3), (3, 2), (2, 5), (3, 4)])
    return [0.5 + 0.5 * np.stack([np.sin(across * turn + random.uniform(0, 3)), np.sin(down * turn)], axis=1)]


def texture(random: Random) -> Picture:
    """Stripes, checks or dots of a random period, direction and contrast."""
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    turn, period = random.uniform(0, np.pi), random.uniform(3, 12)
    first = np.sin(2 * np.pi * period * (across * np.cos(turn) + down * np.sin(turn)))
    second = np.sin(2 * np.pi * period * (-across * np.sin(turn) + down * np.cos(turn)))
    pattern = (first, first * second, np.minimum(first, second))[int(random.integers(3))]
    pattern = np.sign(pattern) if random.random() < 0.5 else pattern
    return _levels(128 + pattern * random.uniform(40, 127))


def _levels(values: npt.NDArray[np.float64]) -> Picture:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def noise(random: Random) -> Picture:
    """Independent pixels, of 28 × 28 or larger."""
    side = int(random.choice([28, SIDE]))
    return random.integers(0, 256, (side, side), dtype=np.uint8)


def smooth_noise(random: Random) -> Picture:
    """Clouds, stretched to all grey levels."""
    clouds = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), random.uniform(5, 20), mode="wrap")
    return _levels((clouds - clouds.min()) / np.ptp(clouds) * 255)


def paper(random: Random) -> Picture:
    """Empty paper: blank, grainy, or in uneven light."""
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    light = random.uniform(150, 250) + random.uniform(-40, 40) * across + random.uniform(-40, 40) * down
    grain = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), random.uniform(0, 1.5))
    return _levels(light + grain / grain.std() * random.choice([0.0, 2.0, 5.0]))


@cache
def _photos(names: tuple[str, ...]) -> list[Picture]:
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise SystemExit("The photos are in scikit-image. Run: pip install scikit-image")
    folder = Path(found.origin).parent / "data"
    return [np.asarray(Image.open(folder / name).convert("RGB" if names is COLOR_PHOTOS else "L")) for name in names]


@cache
def _color_photos() -> list[Picture]:
    from sklearn.datasets import load_sample_images

    return [*_photos(COLOR_PHOTOS), *(np.asarray(image) for image in load_sample_images().images)]


def _crop(photos: list[Picture], random: Random) -> Picture:
    photo = photos[int(random.integers(len(photos)))]
    side = int(random.uniform(0.3, 1) * min(photo.shape[:2]))
    top, left = (int(random.integers(size - side + 1)) for size in photo.shape[:2])
    return np.asarray(Image.fromarray(photo[top : top + side, left : left + side]).resize((SIDE, SIDE)))


@cache
def _garments() -> Picture:
    content = gzip.decompress((FASHION / "t10k-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)


def garment(random: Random) -> Picture:
    """An article of Fashion-MNIST's test split."""
    return _garments()[int(random.integers(len(_garments())))]


Kinds = dict[str, Callable[[Random], Picture]]
LATIN = "ABCDEFGHJKLMNPQRSTUVWXYZ"
CHOOSING: Kinds = {
    "capitals with serifs": glyph(LATIN, "Serif", "Serif-Bold", "Serif-Italic"),
    "Greek letters": glyph("ΓΔΘΛΞΠΣΦΨΩαβγδεζηθκλμξπρσφχψω", "Sans", "Sans-Oblique"),
    "triangles, squares, × and +": strokes(_shape),
    "scribbles": strokes(_scribble),
    "stripes, checks and dots": texture,
    "smooth noise": smooth_noise,
    "crops of grey photos": lambda random: _crop(_photos(GREY_PHOTOS), random),
}
REPORTED: Kinds = {
    "printed letters without serifs": glyph(LATIN + "abcdefhkmnprtuvwxy", "Sans", "Sans-Bold", "SansMono", "SansCondensed"),
    "letters drawn by strokes": strokes(_letter),
    "articles of clothing, Fashion-MNIST's": garment,
    "crops of colour photos": lambda random: _crop(_color_photos(), random),
    "symbols": glyph("★☂☎☺♥♣♪✂✈✔✿?!&@#%§€", "Sans", "Sans-Bold"),
    "Lissajous curves": strokes(_curve),
    "noise, every pixel by itself": noise,
    "empty paper": paper,
}
