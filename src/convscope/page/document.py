"""The page itself: template, style sheet, script, data and drawings, as one file that asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ..analysis.record import RunRecord
from ..figures.illustration import Drawing
from . import certainty, facts, formats, headline, reproduction, story, tables, titles, verdict
from .bundle import bundle
from .catalogue import Catalogue
from .drawings import StyleClasses, embed
from .facts import Page
from .glossary import Vocabulary, slug
from .islands import make_islands
from .payload import OpenedPicture, make_payload
from .policy import content_security_policy, island

TEMPLATES, CSS, JS = (Path(__file__).with_name(name) for name in ("templates", "css", "js"))
STYLE_SHEETS = ("base", "certainty", "exercises", "findings", "insides", "playground", "print", "results")
"""Names in ``css/``, in order: the parts build on ``base`` but not on each other."""
FIRST, LAST = "early.js", "main.js"
"""The script that runs before anything is painted, and the one that runs when all is there."""
SECTIONS = (
    ("opening", "The experiment"), ("saw", "What it saw"), ("built", "How it is built"), ("learned", "How it learned"),
    ("good", "How good it is"), ("fails", "Where it fails"), ("inside", "What happens inside"),
    ("sure", "How sure it is"), ("verdict", "Conclusion"),
    ("yourself", "Do it yourself"), ("words", "The words"),
)  # fmt: skip
"""Anchor and name of the sections, in the order of the notebook's story."""
SECTION_TEMPLATES = {
    "opening": "introduction", "saw": "data", "built": "architecture", "learned": "training", "good": "results",
    "fails": "mistakes", "inside": "inspector", "sure": "uncertainty", "verdict": "conclusion", "yourself": "reproduce",
    "words": "glossary",
}  # fmt: skip
"""Anchor to file name in ``templates/sections/``. Anchors stay as they are: shared links hold them."""


def render(record: RunRecord, drawings: Iterable[Drawing], *, opened: OpenedPicture | None = None) -> str:
    """The whole page as text, to be written as UTF-8. ``drawings`` are those of the run's figures, in any order; they may be
    drawn only when they are asked for. ``opened``: the picture to open it at, in place of the first test image."""
    page = make_payload(record, opened=opened)
    classes = StyleClasses()
    # All that waits for no figure comes before them: another process may be drawing some meanwhile.
    first, last, template = bundle(JS, FIRST), bundle(JS, LAST), _template()
    with ThreadPoolExecutor(1) as pool:  # compression leaves the interpreter to the drawing
        islands = pool.submit(make_islands, record)
        figures = Catalogue([embed(drawing, classes) for drawing in drawings])
    style = f"{_style_sheet()}\n{classes.css()}\n"
    if "</style" in style.lower():
        raise ValueError("the style sheet holds '</style', which would end its element; it must not")
    return template.render(
        page=page,
        figures=figures,
        vocabulary=Vocabulary(),
        sections=[(anchor, label) for anchor, label in SECTIONS if _applies(anchor, page, figures)],
        policy=content_security_policy([first, last], [style]),
        style=Markup(style),  # noqa: S704 - ours, and checked above
        first=Markup(first),  # noqa: S704 - ours; bundle() refuses what would end the element
        last=Markup(last),  # noqa: S704
        payload=Markup(island(page)),  # noqa: S704 - island() escapes what would end the element
        islands={name: Markup(text) for name, text in islands.result().items()},  # noqa: S704 - base64
    )  # fmt: skip


def _style_sheet() -> str:
    return "\n".join((CSS / f"{name}.css").read_text("utf-8") for name in STYLE_SHEETS)


def _applies(anchor: str, page: Page, figures: Catalogue) -> bool:
    if anchor == "fails":
        return bool(page["metrics"]["test"]["errors"])
    if anchor == "sure":
        return certainty.applies(page)
    if anchor == "inside":
        return bool(page["weights"] or figures.of_kind("kernels", "feature_maps", "feature_maps_per_class"))
    return True


def _typeset(text: str) -> str:
    """A sentence from another room: no line of the page ends between a number and its percent sign."""
    return re.sub(r"(?<=\d) %", f"{formats.SPACE}%", text)


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - matplotlib's, which escapes the names of classes


@cache
def _template() -> Template:
    """That of the page, with all that it includes already read and compiled."""
    environment = _environment()
    for path in (
        "macros.html",
        "live_figure.html",
        *(f"sections/{path.name}" for path in TEMPLATES.glob("sections/*.html")),
    ):
        environment.get_template(path)
    return environment.get_template("run.html")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for room in (certainty, facts, formats, headline, reproduction, story, tables, titles, verdict):
        environment.globals[room.__name__.rsplit(".", 1)[-1]] = room
    environment.globals.update(slug=slug, section_templates=SECTION_TEMPLATES)
    environment.filters.update(typeset=_typeset, drawn=_drawn)
    return environment
