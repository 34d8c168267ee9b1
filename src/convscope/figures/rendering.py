"""Figures to SVG and PNG. No pyplot, so no state is left in the user's session; no dates, so equal runs give equal bytes."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from .illustration import Drawing, Illustration
from .theme import RC


def to_png(illustration: Illustration) -> bytes:
    """At twice the size of a page, on paper of its own."""
    buffer = io.BytesIO()
    with mpl.rc_context(RC):
        FigureCanvasAgg(illustration.figure).print_png(buffer, metadata={"Software": None, "Title": illustration.title})
    return buffer.getvalue()


def to_svg(illustration: Illustration) -> str:
    """A whole SVG file."""
    buffer = io.StringIO()
    with mpl.rc_context(RC):
        FigureCanvasSVG(illustration.figure).print_svg(buffer, metadata={"Date": None, "Title": illustration.title})
    return buffer.getvalue()


def to_drawing(illustration: Illustration, svg: str) -> Drawing:
    """The ``<svg>`` element of an SVG file, made ready to stand in a page beside others: its ids carry its name."""
    element = svg[svg.index("<svg") :].strip()
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    name = illustration.name
    element = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", element)
    element = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', element)
    return Drawing(name, illustration.title, illustration.reading, illustration.alternative, element)
