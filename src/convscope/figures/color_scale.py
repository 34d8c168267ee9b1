"""The legend of a colour map."""

import numpy as np

from .canvas import FigureCanvas
from .mosaic import Pixels, coloured
from .text import number
from .theme import DARK_ON_TINT, LIGHT_ON_TINT

BAR_WIDTH, BAR_HEIGHT = 1.8, 0.12
SCALE_HEIGHT = 0.36
"""Height of a legend in inches, with its labels."""
Pair = tuple[float, float]

BALANCE = 0.179
"""Relative luminance at which black and white text have equal contrast (WCAG 2)."""


def draw_scale(canvas: FigureCanvas, place: Pair, colormap: str, ends: Pair, caption: str, start: float = 0.0) -> None:
    """Draw a colour bar from ``start``, 0..1, of the colour map, at ``place`` (left, top), with ``caption`` on its right."""
    (left, top), (low, high) = place, ends
    ramp = coloured(np.linspace(start, 1.0, 128)[None], colormap, 0.0, 1.0)
    canvas.image(ramp, (left, top, BAR_WIDTH, BAR_HEIGHT))
    marks = [(0.0, low, "left"), (1.0, high, "right")]
    if low < 0 < high:
        marks.insert(1, (-low / (high - low), 0.0, "center"))
    for share, value, align in marks:
        canvas.note(left + share * BAR_WIDTH, top + BAR_HEIGHT + 0.05, number(value), ha=align, va="top")
    canvas.note(left + BAR_WIDTH + 0.14, top + BAR_HEIGHT / 2, caption, va="center")


def text_on(pixel: Pixels) -> str:
    """Return black or white, whichever has more contrast on ``pixel`` (4,)."""
    shares = pixel[:3] / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return DARK_ON_TINT if float(linear @ [0.2126, 0.7152, 0.0722]) > BALANCE else LIGHT_ON_TINT
