"""A figure's SVG, made part of the page: its colours become the page's, its style attributes classes of the style sheet.

Without style attributes the page can forbid all styles but its own (``style-src`` by hash), and each distinct style is
written once: a drawing of many cells shrinks to about half.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from ..figures.canvas import LINE, POINTS_PER_INCH
from ..figures.illustration import Drawing
from ..figures.theme import MARGIN, ROLES

TAG = re.compile(r"<[a-zA-Z][^<>]*>")
"""matplotlib escapes < and > in attributes and in text, so that nothing else looks like a tag."""
PAINT = re.compile(r'\b(?:style|fill|stroke|stop-color|color)="[^"]*"')
ROLE_OF = {colour: role for role, colour in ROLES.items()}
COLOUR = re.compile(rf"(?:{'|'.join(ROLE_OF)})\b", re.IGNORECASE)
STYLE = re.compile(r'\sstyle="([^"]*)"')
FONT_FAMILY = re.compile(r"(font-family:\s*|font:[^;]*?px )['\"\w][^;]*")
FURNITURE = re.compile(r"<title>.*?</title>\s*|<style\b.*?</style>\s*|<!--.*?-->\s*|<defs>\s*</defs>\s*", re.DOTALL)
OPENING = re.compile(r"^<svg\b[^>]*>")
VIEW_BOX = re.compile(r'\bviewBox="0 0 ([\d.]+) ([\d.]+)"')
BACKGROUND = re.compile(r'<g id="[^"]*patch_1">\s*<path\b[^>]*/>\s*</g>\s*')
"""The sheet of paper, the first patch of every figure: the page has its own."""
TITLE_LINE = re.compile(r'<g id="[^"]*title_\d+">\s*<text\b[^>]*>[^<]*</text>\s*</g>\s*')
POINTS_TO_PIXELS = 96 / 72
SPARE = MARGIN - 0.02
"""Inches of a figure's margin that the page cuts off, so that the picture starts where the text does."""


@dataclass
class StyleClasses:
    """The distinct styles of all drawings of a page, each with the class that stands for it."""

    names: dict[str, str] = field(default_factory=dict)

    def name_for(self, style: str) -> str:
        return self.names.setdefault(style, f"s{len(self.names)}")

    def css(self) -> str:
        return "\n".join(f".{name}{{{style}}}" for style, name in self.names.items())


@dataclass(frozen=True)
class Embedded:
    """A drawing, ready to stand in the page."""

    name: str
    """As it may stand in an id."""
    title: str
    reading: str
    alternative: str
    svg: str
    """A whole ``<svg>`` element, named by its title and described by the element with id ``words-NAME``."""


def with_page_colours(svg: str) -> str:
    """The theme's colours in attributes and styles of ``svg`` as ``var(--role)``; its text is left alone."""
    return TAG.sub(lambda tag: PAINT.sub(_with_variables, tag[0]) if "#" in tag[0] else tag[0], svg)


def embed(drawing: Drawing, classes: StyleClasses) -> Embedded:
    """``drawing`` as a part of the page; its styles are added to ``classes``."""
    svg = BACKGROUND.sub("", FURNITURE.sub("", with_page_colours(drawing.svg)), count=1)
    svg = TAG.sub(lambda tag: _with_class(tag[0], classes), svg)
    opening = OPENING.match(svg)
    if opening is None:
        raise ValueError(f"the drawing {drawing.name!r} starts with {svg[:40]!r}; an <svg> element was expected")
    view_box = VIEW_BOX.search(opening[0])
    assert view_box  # matplotlib writes it
    width, height = map(float, view_box.groups())
    body, top = _without_title(svg[opening.end() :])
    left = round(SPARE * POINTS_PER_INCH, 2)
    width, height = round(width - 2 * left, 2), round(height - top - left, 2)
    natural = classes.name_for(f"--natural: {round(width * POINTS_TO_PIXELS)}px")
    root = (f'<svg viewBox="{left:g} {top:g} {width:g} {height:g}" role="img" class="{natural}" '
            f'aria-label="{html.escape(drawing.title)}" aria-describedby="words-{anchor(drawing.name)}">')  # fmt: skip
    return Embedded(anchor(drawing.name), drawing.title, drawing.reading, drawing.alternative, root + body)


def anchor(name: str) -> str:
    """What of a figure's name may stand in an id: layer names are the user's, and may hold blanks."""
    return re.sub(r"[^\w.-]", "-", name)


def _without_title(body: str) -> tuple[str, float]:
    """The drawing without its title, which the page sets as text, and how many points of its top that leaves empty."""
    body, lines = TITLE_LINE.subn("", body)
    return body, round((lines * LINE + SPARE) * POINTS_PER_INCH, 2)


def _with_variables(attribute: re.Match[str]) -> str:
    return COLOUR.sub(lambda colour: f"var(--{ROLE_OF[colour[0].lower()]})", attribute[0])


def _with_class(tag: str, classes: StyleClasses) -> str:
    match = STYLE.search(tag)
    if match is None:
        return tag
    style = FONT_FAMILY.sub(r"\1var(--sans)", html.unescape(match[1])).strip().rstrip(";")
    if re.search(r"[<>{}@\\]|url\((?!#)", style):
        raise ValueError(f"the style {style!r} of a drawing cannot stand in a style sheet; plain declarations were expected")
    return f'{tag[: match.start()]} class="{classes.name_for(style)}"{tag[match.end() :]}'
