"""Embed the SVG of a figure in a page: the page's colours, and CSS classes in place of style attributes.

Without style attributes the page can forbid all styles but its own (``style-src`` by hash), and each distinct style is
written once, which halves a drawing of many cells.
"""

import html
import re
from dataclasses import dataclass, field, replace

from ..figures.canvas import LINE, POINTS_PER_INCH
from ..figures.figure import Drawing, map_tags
from ..figures.theme import MARGIN, ROLES

PAINT = re.compile(r'\b(?:style|fill|stroke|stop-color|color)="[^"]*"')
ROLE_OF = {colour: role for role, colour in ROLES.items()}
COLOUR = re.compile(rf"(?:{'|'.join(ROLE_OF)})\b", re.IGNORECASE)
STYLE = re.compile(r'\sstyle="([^"]*)"')
FONT_FAMILY = re.compile(r"(font-family:\s*|font:[^;]*?px )['\"\w][^;]*")
OPENING = re.compile(r"^<svg\b[^>]*>")
VIEW_BOX = re.compile(r'\bviewBox="0 0 ([\d.]+) ([\d.]+)"')
BACKGROUND = re.compile(r'<g id="[^"]*patch_1">\s*<path\b[^>]*/>\s*</g>\s*')
"""The background, the first patch of every figure: the page has its own."""
TITLE_LINE = re.compile(r'<g id="[^"]*title_\d+">\s*<text\b[^>]*>[^<]*</text>\s*</g>\s*')
POINTS_TO_PIXELS = 96 / 72
SPARE = MARGIN - 0.02
"""Inches that the page cuts off a figure's margin, to align it with the text."""


@dataclass
class StyleClasses:
    """The distinct styles of all drawings of a page, with the CSS class of each."""

    names: dict[str, str] = field(default_factory=dict)

    def name_for(self, style: str) -> str:
        return self.names.setdefault(style, f"s{len(self.names)}")

    def css(self) -> str:
        return "\n".join(f".{name}{{{style}}}" for style, name in self.names.items())


def embed(drawing: Drawing, classes: StyleClasses) -> Drawing:
    """Return ``drawing`` with a name that an id may contain, and described by ``words-NAME``; add its styles to ``classes``."""
    svg = BACKGROUND.sub("", drawing.svg, count=1)
    svg = map_tags(lambda tag: _with_class(with_page_colours(tag), classes), svg)
    opening = OPENING.match(svg)
    if opening is None:
        raise ValueError(f"The drawing {drawing.name!r} must start with <svg>; it starts with {svg[:40]!r}.")
    view_box = VIEW_BOX.search(opening[0])
    assert view_box  # matplotlib writes it
    width, height = map(float, view_box.groups())
    body, top = _without_title(svg[opening.end() :])
    left = round(SPARE * POINTS_PER_INCH, 2)
    width, height = round(width - 2 * left, 2), round(height - top - left, 2)
    natural = classes.name_for(f"--natural: {round(width * POINTS_TO_PIXELS)}px")
    root = (f'<svg viewBox="{left:g} {top:g} {width:g} {height:g}" role="img" class="{natural}" '
            f'aria-label="{html.escape(drawing.title)}" aria-describedby="words-{anchor(drawing.name)}">')  # fmt: skip
    return replace(drawing, name=anchor(drawing.name), svg=root + body)


def anchor(name: str) -> str:
    """Return ``name`` as part of an id: layer names are the user's and may contain spaces."""
    return re.sub(r"[^\w.-]", "-", name)


def _without_title(body: str) -> tuple[str, float]:
    """Return the drawing without its title, which the page sets as text, and the height in points that this frees."""
    body, lines = TITLE_LINE.subn("", body)
    return body, round((lines * LINE + SPARE) * POINTS_PER_INCH, 2)


def with_page_colours(tag: str) -> str:
    """Replace the theme's colours in the attributes of an SVG tag by ``var(--role)``."""
    return PAINT.sub(_variables, tag) if "#" in tag else tag


def _variables(attribute: re.Match[str]) -> str:
    return COLOUR.sub(lambda colour: f"var(--{ROLE_OF[colour[0].lower()]})", attribute[0])


def _with_class(tag: str, classes: StyleClasses) -> str:
    match = STYLE.search(tag)
    if match is None:
        return tag
    style = FONT_FAMILY.sub(r"\1var(--sans)", html.unescape(match[1])).strip().rstrip(";")
    if re.search(r"[<>{}@\\]|url\((?!#)", style):
        raise ValueError(f"The style {style!r} of a drawing is unsafe in a style sheet. Use plain declarations only.")
    return f'{tag[: match.start()]} class="{classes.name_for(style)}"{tag[match.end() :]}'
