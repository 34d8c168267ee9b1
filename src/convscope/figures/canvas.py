"""The canvas of a figure: a title, and a body with positions in inches."""

import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from .mosaic import Mosaic, Pixels, coloured
from .text import number
from .theme import MARGIN, MUTED, RC, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, WIDTH

BAR_WIDTH, BAR_HEIGHT = 1.8, 0.12
SCALE_HEIGHT = 0.36
"""Height of a legend in inches, with its labels."""
POINTS_PER_INCH = 72
LINE = 1.32 * TITLE_SIZE / POINTS_PER_INCH
BELOW_TITLE, NAME_SPACE = 0.16, 0.14
RISES = {"top": -0.76, "bottom": 0.24, "center": -0.26, "center_baseline": -0.37}
"""Distance from a text's position up to its baseline by vertical alignment, in units of the font's size."""
_is_applied = ContextVar("_is_applied", default=False)
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_theme(draw: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Run ``draw`` with the theme's settings and leave those of the user's session unchanged."""

    @wraps(draw)
    def themed(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with theme_settings():
            return draw(*args, **kwargs)

    return themed


@contextmanager
def theme_settings() -> Iterator[None]:
    """Apply the theme's matplotlib settings for the duration of the block."""
    if _is_applied.get():  # copying all settings takes 1 ms
        yield
        return
    # Those that ship with matplotlib, in place of a user's or the current folder's.
    settings: Any = {name: value for name, value in mpl.rcParamsDefault.items() if name != "backend"} | RC
    token = _is_applied.set(True)
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Where no installed font has a script, a PNG shows boxes for its class names; the SVG keeps the text.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        try:
            yield
        finally:
            _is_applied.reset(token)


class Line(Text):
    """One level line of text, of a width that is measured once; matplotlib would measure it again for each format."""

    def draw(self, renderer: Any) -> None:
        """Draw the text."""
        if not self.get_text():
            return
        size, text, align = float(self.get_fontsize()), self.get_text(), self.get_horizontalalignment()
        left, up = self.get_transform().transform(self.get_position())
        up += renderer.points_to_pixels(RISES.get(self.get_verticalalignment(), 0.0) * size)
        if align != "left":  # in inches; SVG aligns by itself, so that its reader's font may differ
            width = text_width(text, size, "bold" if self.get_fontweight() == "bold" else "normal")
            left -= renderer.points_to_pixels(width * POINTS_PER_INCH) / (1 if align == "right" else 2)
        renderer.open_group("text", self.get_gid())
        context = renderer.new_gc()
        context.set_foreground(self.get_color())
        context.set_antialiased(True)
        baseline = renderer.get_canvas_width_height()[1] - up if renderer.flipy() else up
        renderer.draw_text(context, left, baseline, text, self.get_fontproperties(), 0, mtext=self)
        context.restore()
        renderer.close_group("text")
        self.stale = False


class FigureCanvas:
    """A figure of ``width`` inches with a wrapped title above a body of ``height`` inches.

    Positions in the body are inches from its top left corner, to the right and down.
    """

    # Positions are explicit, because matplotlib's layout engines draw a figure once more to find them: 50 ms each.

    def __init__(self, title: str, height: float, *, width: float = WIDTH) -> None:
        lines = balanced(title, width - 2 * MARGIN)
        self.top: float = MARGIN + len(lines) * LINE + BELOW_TITLE
        self.width: float = width
        self.height: float = self.top + height + MARGIN
        self.figure: Figure = Figure(figsize=(self.width, self.height))
        for index, line in enumerate(lines):
            self.figure.text(
                MARGIN / self.width, 1 - (MARGIN + (index + 0.8) * LINE) / self.height, line,
                fontsize=TITLE_SIZE, fontweight="bold", gid=f"title_{index}",
            )  # fmt: skip

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes at a position in the body."""
        corner = (MARGIN + left) / self.width, 1 - (self.top + top + height) / self.height
        return self.figure.add_axes((*corner, width / self.width, height / self.height))

    @cached_property
    def shared_axes(self) -> Axes:
        """Invisible axes over the whole figure, in inches from the top left corner of the body."""
        # All images, bars and keys of a figure share them, because axes cost 5 ms each.
        axes = self.figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(-MARGIN, self.width - MARGIN)
        axes.set_ylim(self.height - self.top, -self.top)
        return axes

    def image(self, pixels: Pixels, place: tuple[float, float, float, float]) -> None:
        """Draw ``pixels`` (h, w, 4) at ``place``: left, top, width and height."""
        left, top, width, height = place
        self.shared_axes.imshow(pixels, extent=(left, left + width, top + height, top), aspect="auto")

    def image_rows(self, mosaic: Mosaic, place: tuple[float, float, float, float], step: float) -> None:
        """Draw each row of ``mosaic`` as one image, ``step`` inches below the row before; ``place`` is that of the first."""
        # One image per row, because captions separate the rows: five images instead of forty.
        left, top, width, height = place
        for row in range(mosaic.rows):
            self.image(Mosaic(mosaic.tiles[row : row + 1]).pixels, (left, top + row * step, width, height))

    def rectangles(self, places: Iterable[tuple[float, float, float, float]], **options: Any) -> None:
        """Draw rectangles of one style, each at its left, top, width and height."""
        for left, top, width, height in places:
            self.shared_axes.add_patch(Rectangle((left, top), width, height, linewidth=0, **options))

    def text(self, left: float, top: float, text: str, **options: Any) -> Text:
        """Write ``text`` with its baseline (or as ``va`` sets it) at a position in the body."""
        place = (MARGIN + left) / self.width, 1 - (self.top + top) / self.height
        if "\n" in text or "rotation" in options:
            return self.figure.text(*place, text, **options)
        line = Line(*place, text, transform=self.figure.transSubfigure, **options)
        line.set_figure(self.figure)
        self.figure.texts.append(line)
        return line

    def note(self, left: float, top: float, text: str, **options: Any) -> None:
        """Write small, muted text."""
        self.text(left, top, text, fontsize=SMALL_SIZE, color=MUTED, **options)

    def cell(self, left: float, middle: float, text: str, **options: Any) -> None:
        """Write text that is vertically centred at ``middle``."""
        self.text(left, middle, text, va="center_baseline", **options)


def balanced(text: str, width: float) -> list[str]:
    """Return a title in as few lines as ``width`` inches allow, of similar length, without a single word on the last."""
    lines = wrapped(text, width)
    for share in range(95, 45, -5):
        narrower = wrapped(text, width * share / 100)
        if len(narrower) > len(lines) or any(text_width(line, TITLE_SIZE, "bold") > width for line in narrower):
            break
        lines = narrower
    return lines


def wrapped(text: str, width: float, size: float = TITLE_SIZE, weight: str = "bold") -> list[str]:
    """Return ``text`` in lines of at most ``width`` inches; a longer word gets its own line."""
    lines: list[str] = []
    # Word by word, because the widths of words are cached and those of partial lines would never be reused.
    space, used = text_width("n n", size, weight) - text_width("nn", size, weight), 0.0
    for word in text.split(" "):
        extent = text_width(word, size, weight)
        if lines and used + space + extent <= width:
            lines[-1], used = f"{lines[-1]} {word}", used + space + extent
        else:
            lines.append(word)
            used = extent
    return lines


@cache
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of ``text`` in inches, in DejaVu Sans at ``size`` points; full-width characters count ``size`` each."""
    with theme_settings():
        font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    narrow = "".join(character for character in text if unicodedata.east_asian_width(character) not in "WF")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # emoji and other scripts come from the reader's fonts
        width: float = text_to_path.get_text_width_height_descent(narrow, font, ismath=False)[0]
    return (width + (len(text) - len(narrow)) * size) / POINTS_PER_INCH


def names_width(names: Iterable[str], size: float = TEXT_SIZE) -> float:
    """Return the width in inches of a column of ``names`` at the left of a figure, with the space after it."""
    return max((text_width(name, size) for name in names), default=0.0) + NAME_SPACE


def draw_scale(
    canvas: FigureCanvas,
    place: tuple[float, float],
    colormap: str,
    ends: tuple[float, float],
    caption: str,
    start: float = 0.0,
) -> None:
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
