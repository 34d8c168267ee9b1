"""Render figures as SVG and PNG.

The module uses no pyplot, so it leaves no state in the user's session, and writes no dates, so equal runs give equal bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from .canvas import theme_settings
from .illustration import Drawing, Illustration
from .png import png_bytes
from .theme import PNG_DPI, SVG_FONTS

GLOBAL_STYLE = "stroke-linejoin: round; stroke-linecap: butt"
"""What matplotlib writes as a CSS rule for ``*``."""
TAG = re.compile(r"<[a-zA-Z/][^<>]*>")
"""matplotlib escapes < and > in attributes and in text, so nothing else looks like a tag."""
FURNITURE = re.compile(
    r"<metadata>.*?</metadata>\s*|<title>.*?</title>\s*|<defs>\s*<style\b.*?</style>\s*</defs>\s*|<!--.*?-->\s*|<defs>\s*</defs>\s*",
    re.DOTALL,
)
"""What an SVG file needs and an element of a page does not: a title there would become a tooltip."""


def to_png(illustration: Illustration) -> bytes:
    """Return a PNG file at ``PNG_DPI``, on an opaque background."""
    with theme_settings():
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
    """Return the ``<svg>`` element of an SVG file, ready to share a page with others.

    Its ids start with its name, and its global CSS rule and its title become attributes of the element.
    """
    element = FURNITURE.sub("", svg[svg.index("<svg") :]).strip()
    start = f'<svg role="img" aria-label="{escape(illustration.title)}" style="{GLOBAL_STYLE}"'
    element = start + element.removeprefix("<svg")
    name = illustration.name

    def prefixed(tag: str) -> str:
        tag = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', tag)
        tag = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", tag)
        return re.sub(r'\b(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', tag)

    return Drawing(name, illustration.title, illustration.reading, illustration.alternative, map_tags(prefixed, element))


def map_tags(change: Callable[[str], str], svg: str) -> str:
    """Apply ``change`` to every tag of ``svg``; the text between tags, such as class names, stays as it is."""
    return TAG.sub(lambda match: change(match[0]), svg)


def _with_system_font(tag: str) -> str:
    tag = tag.replace("font-family: 'DejaVu Sans', sans-serif", f"font-family: {SVG_FONTS}")
    return re.sub(r' transform="rotate\(-0 [^"]*\)"', "", tag)
