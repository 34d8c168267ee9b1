"""A figure with its title, caption and text alternative."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from .canvas import theme_settings
from .fonts import fitting_fonts
from .png import png_bytes
from .theme import PNG_DPI, SVG_FONTS

GLOBAL_STYLE = "stroke-linejoin: round; stroke-linecap: butt"  # matplotlib's CSS rule for *
TAG = re.compile(r"<[a-zA-Z/][^<>]*>")
"""matplotlib escapes < and > in attributes and in text, so nothing else looks like a tag."""
FURNITURE = re.compile(
    r"<metadata>.*?</metadata>\s*|<title>.*?</title>\s*|<defs>\s*<style\b.*?</style>\s*</defs>\s*|<!--.*?-->\s*|<defs>\s*</defs>\s*",
    re.DOTALL,
)
"""What an SVG file needs and an element of a page does not: a title there would become a tooltip."""


def to_png(illustration: Illustration) -> bytes:
    """Return a PNG file at ``PNG_DPI``, on an opaque background."""
    with theme_settings(), fitting_fonts(illustration.figure):
        # An SVG canvas that drew the figure before has set it to 72 dots per inch.
        illustration.figure.dpi = PNG_DPI
        canvas: Any = FigureCanvasAgg(illustration.figure)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # the background is opaque
    return png_bytes(pixels, dots_per_inch=PNG_DPI, title=illustration.title)


def to_svg(illustration: Illustration) -> str:
    """Return a complete SVG file, with its text in the reader's system font."""
    buffer = io.StringIO()
    with theme_settings():
        canvas: Any = FigureCanvasSVG(illustration.figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Title": illustration.title})
    return map_tags(_with_system_font, buffer.getvalue())


def to_drawing(illustration: Illustration, svg: str) -> Drawing:
    """Return the ``<svg>`` element of an SVG file with unique ids, and with its global CSS rule and title as attributes."""
    element = FURNITURE.sub("", svg[svg.index("<svg") :]).strip()
    start = f'<svg role="img" aria-label="{escape(illustration.title)}" style="{GLOBAL_STYLE}"'
    name = illustration.name

    def prefixed(tag: str) -> str:
        tag = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', tag)
        tag = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", tag)
        return re.sub(r'\b(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', tag)

    return Drawing(name, illustration.title, illustration.caption, illustration.alt_text,
                   map_tags(prefixed, start + element.removeprefix("<svg")))  # fmt: skip


def map_tags(change: Callable[[str], str], svg: str) -> str:
    """Apply ``change`` to every tag of ``svg``; the text between tags, such as class names, stays as it is."""
    return TAG.sub(lambda match: change(match[0]), svg)


def _with_system_font(tag: str) -> str:
    tag = tag.replace("font-family: 'DejaVu Sans', sans-serif", f"font-family: {SVG_FONTS}")
    return re.sub(r' transform="rotate\(-0 [^"]*\)"', "", tag)


@dataclass(frozen=True, eq=False)
class Illustration:
    """A figure before it is rendered."""

    name: str
    """Stem of the file names."""
    title: str
    """What the figure shows for this run, with its numbers; also drawn into the figure."""
    caption: str
    """How to read the figure, in one sentence."""
    alt_text: str
    """The numbers of the figure as text, for readers who cannot see it."""
    figure: Figure

    def _repr_html_(self) -> str:
        """Return the figure for a notebook: a PNG, because notebooks treat SVG like scripts, with its caption."""
        source = base64.b64encode(to_png(self)).decode("ascii")
        return (
            f'<figure><img src="data:image/png;base64,{source}" alt="{escape(self.alt_text)}" style="max-width: 100%">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"Illustration({self.name!r}: {self.title})"


@dataclass(frozen=True)
class Drawing:
    """A figure rendered as SVG, for the page."""

    name: str
    title: str
    caption: str
    alt_text: str
    svg: str
    """A complete ``<svg>`` element without XML declaration, with unique ids."""
