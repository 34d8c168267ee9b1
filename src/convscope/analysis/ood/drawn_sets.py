"""Printed letters, scribbles and silhouettes of clothes, drawn with Pillow as ink in 0..1 for images of any size."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...errors import DatasetError
from ...types import Floats

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Capitals, without I and O, which look like 1 and 0."""
FRAME = 20 / 28
"""Share of the shorter side that a drawing fills, as in MNIST."""
MIN_SIDE = 160
"""Up to this side, drawings are supersampled for smooth edges."""
SLANT, TURN = 0.15, 8.0
"""Maxima, as a share of the height and in degrees."""
Sketch = Callable[[ImageDraw.ImageDraw, float, np.random.Generator], None]
"""Draws in white into a square with the given side in pixels."""


def draw_letters(number: int, size: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return (number, height, width) float32: capitals in Pillow's font, of varied weight, slightly slanted and rotated."""
    try:
        ImageFont.load_default(size=20)
    except ImportError as error:
        raise DatasetError(
            "Pillow was built without FreeType, which drawing letters needs. Install a Pillow wheel."
        ) from error
    return _drawn(_letter, number, size, generator, warped=True)


def draw_scribbles(number: int, size: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return (number, height, width) float32: one to three wandering strokes, as wide as MNIST's."""
    return _drawn(_scribble, number, size, generator)


def draw_garments(number: int, size: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return (number, height, width) float32: shirts, trousers, dresses, bags and shoes in one grey, some with stripes."""
    ink = _drawn(_garment, number, size, generator, warped=True)
    shade = generator.uniform(0.45, 1.0, (number, 1, 1))
    period = generator.uniform(3, 8, (number, 1, 1)) / 28
    stripes = np.sin(2 * np.pi * (np.arange(size[0])[:, None] / size[0]) / period) > 0
    striped = generator.random((number, 1, 1)) < 0.3
    return (ink * shade * np.where(striped & stripes, 0.6, 1.0)).astype(np.float32)


def _drawn(
    sketch: Sketch, number: int, size: tuple[int, int], generator: np.random.Generator, *, warped: bool = False
) -> Floats:
    height, width = size
    finer = max(1, min(4, MIN_SIDE // max(size)))
    side = min(height, width) * finer
    result = np.zeros((number, height, width), np.float32)
    for index in range(number):
        square = Image.new("L", (side, side))
        sketch(ImageDraw.Draw(square), float(side), generator)
        if warped:
            square = _warped(square, generator)
        canvas = Image.new("L", (width * finer, height * finer))
        canvas.paste(square, ((width * finer - side) // 2, (height * finer - side) // 2))
        result[index] = np.asarray(canvas.reduce(finer), np.float32) / 255
    return result


def _warped(square: Image.Image, generator: np.random.Generator) -> Image.Image:
    lean = generator.uniform(-SLANT, SLANT)
    slanted = square.transform(
        square.size, Image.Transform.AFFINE, (1, lean, -lean * square.height / 2, 0, 1, 0), Image.Resampling.BILINEAR
    )
    return slanted.rotate(generator.uniform(-TURN, TURN), Image.Resampling.BILINEAR)


def _letter(pen: ImageDraw.ImageDraw, side: float, generator: np.random.Generator) -> None:
    letter = LETTERS[int(generator.integers(len(LETTERS)))]
    font = ImageFont.load_default(size=side * FRAME * generator.uniform(1.0, 1.3))
    weight = round(side / 28 * generator.uniform(0.0, 0.6))
    pen.text((side / 2, side / 2), letter, 255, font, anchor="mm", stroke_width=weight)


def _scribble(pen: ImageDraw.ImageDraw, side: float, generator: np.random.Generator) -> None:
    width = max(1, round(side / 28 * generator.uniform(1.8, 3.2)))
    for _ in range(int(generator.integers(1, 4))):
        # A walk whose direction changes little from step to step looks hand-drawn.
        steps = int(generator.integers(12, 40))
        heading = np.cumsum(generator.normal(0, 0.55, steps)) + generator.uniform(0, 2 * np.pi)
        path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
        extent = max(float(np.ptp(path, axis=0).max()), 1e-6)
        target = side * FRAME * generator.uniform(0.6, 1.0)
        path = (path - (path.min(axis=0) + path.max(axis=0)) / 2) * target / extent + side / 2
        pen.line([(float(x), float(y)) for x, y in path], fill=255, width=width, joint="curve")


GARMENTS: dict[str, tuple[tuple[float, float], ...]] = {
    "shirt": ((0.12, 0.05), (0.3, 0.1), (0.48, 0.38), (0.36, 0.45), (0.27, 0.32), (0.27, 0.95), (0.0, 0.95)),
    "pullover": ((0.12, 0.05), (0.3, 0.1), (0.48, 0.85), (0.36, 0.88), (0.27, 0.4), (0.27, 0.95), (0.0, 0.95)),
    "trousers": ((0.24, 0.03), (0.27, 0.3), (0.3, 0.97), (0.1, 0.97), (0.02, 0.35), (0.0, 0.35)),
    "dress": ((0.08, 0.03), (0.18, 0.06), (0.15, 0.4), (0.32, 0.97), (0.0, 0.97)),
    "bag": ((0.16, 0.1), (0.22, 0.35), (0.45, 0.38), (0.48, 0.9), (0.0, 0.9), (0.0, 0.38), (0.14, 0.35), (0.1, 0.17),
            (0.0, 0.17)),
}  # fmt: skip
"""Right half of each outline, from the top: distance from the middle and from the top, as shares of the side."""
SHOE = ((0.03, 0.45), (0.22, 0.42), (0.45, 0.6), (0.85, 0.66), (0.97, 0.74), (0.97, 0.82), (0.03, 0.82))


def _garment(pen: ImageDraw.ImageDraw, side: float, generator: np.random.Generator) -> None:
    name = (*GARMENTS, "shoe")[int(generator.integers(len(GARMENTS) + 1))]
    if name == "shoe":
        outline = np.array(SHOE)
        outline[:, 0] = outline[:, 0] if generator.random() < 0.5 else 1 - outline[:, 0]
    else:
        half = np.array(GARMENTS[name])
        half = half * generator.uniform(0.85, 1.1, 2) + generator.normal(0, 0.015, half.shape) * (half[:, :1] > 0)
        outline = np.concatenate([half * (1, 1) + (0.5, 0), half[::-1] * (-1, 1) + (0.5, 0)])
    corners = (outline - 0.5) * 0.9 * side + side / 2
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)
