"""Figures to SVG and PNG. No pyplot, so no state is left in the user's session; no dates, so equal runs give equal bytes."""

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
"""What matplotlib writes as a rule for ``*``."""


def to_png(illustration: Illustration) -> bytes:
    """At twice the size of a page, on paper of its own."""
    with theme_settings():
        # Written by an SVG canvas before, the figure would still have that one's 72 dots per inch.
        illustration.figure.dpi = PNG_DPI
        canvas: Any = FigureCanvasAgg(illustration.figure)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # the paper is opaque
    return png_bytes(pixels, dots_per_inch=PNG_DPI, title=illustration.title)


def to_svg(illustration: Illustration) -> str:
    """A whole SVG file. Its text is set in the reader's own system font."""
    buffer = io.StringIO()
    with theme_settings():
        canvas: Any = FigureCanvasSVG(illustration.figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Title": illustration.title})
    return _inside_tags(_with_system_font, buffer.getvalue())


def to_drawing(illustration: Illustration, svg: str) -> Drawing:
    """The ``<svg>`` element of an SVG file, made ready to stand in a page beside others.

    Its ids carry its name; its style rule, which would hold for the whole page, becomes an attribute; so does its title,
    which a browser would show as a tooltip wherever the mouse rests.
    """
    element = svg[svg.index("<svg") :].strip()
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, count=1, flags=re.DOTALL)
    element = re.sub(r"<title>.*?</title>\s*", "", element, count=1, flags=re.DOTALL)
    element = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", element, count=1, flags=re.DOTALL)
    start = f'<svg role="img" aria-label="{escape(illustration.title)}" style="{GLOBAL_STYLE}"'
    element = start + element.removeprefix("<svg")
    name = illustration.name

    def prefixed(tag: str) -> str:
        tag = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', tag)
        tag = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", tag)
        return re.sub(r'\b(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', tag)

    return Drawing(name, illustration.title, illustration.reading, illustration.alternative, _inside_tags(prefixed, element))


def _with_system_font(tag: str) -> str:
    tag = tag.replace("font-family: 'DejaVu Sans', sans-serif", f"font-family: {SVG_FONTS}")
    return re.sub(r' transform="rotate\(-0 [^"]*\)"', "", tag)


def _inside_tags(change: Callable[[str], str], text: str) -> str:
    """Apply ``change`` to every tag; what is written between tags, such as the name of a class, stays as it is."""
    return re.sub(r"<[^<>]+>", lambda match: change(match[0]), text)
