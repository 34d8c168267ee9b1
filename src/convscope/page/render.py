"""Render the report: templates, style sheets, scripts, data and drawings in one self-contained file."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from jinja2 import Template
from markupsafe import Markup

from ..analysis.seed_spread import seed_spread
from ..figures.figure import Drawing
from ..runs.record import RunRecord
from .binary_data import FINAL, encode_arrays
from .bundle import run_scripts
from .csp import content_security_policy, island
from .environment import TEMPLATES, check_style, make_environment, read_styles
from .figure_order import FigureOrder, figure_label
from .payload import OpenedPicture, make_payload
from .svg import StyleClasses, embed
from .text import conclusion, headings, narrative, nouns, numbers, reproduce, tables, uncertainty
from .text.glossary import Glossary, slug
from .text.nouns import Page

STYLE_SHEETS = ("base", "exercises", "findings", "inspector", "playground", "print", "results", "story", "uncertainty")
"""Names in ``css/``, in order: the others override ``base``, and never each other."""
SECTIONS = (
    ("learned", "Training"), ("good", "Results"), ("fails", "Mistakes"), ("sure", "Uncertainty"), ("verdict", "Baseline"),
    ("saw", "Data and architecture"), ("inside", "Inside the network"), ("yourself", "Reproduce"), ("words", "Glossary"),
)  # fmt: skip
"""Anchor and heading of each section, in order: what was learned and how well, then from what."""
SECTION_TEMPLATES = {
    "learned": "training", "good": "results", "fails": "mistakes", "sure": "uncertainty", "verdict": "conclusion",
    "saw": "data", "inside": "inspector", "yourself": "reproduce", "words": "glossary",
}  # fmt: skip
"""Anchor to file name in ``templates/sections/``. Anchors stay as they are, since shared links hold them."""


def render(record: RunRecord, drawings: Iterable[Drawing], *, opened: OpenedPicture | None = None) -> str:
    """Return the report of a run as text, to be written as UTF-8.

    ``drawings`` may come in any order, and may be drawn on iteration. ``opened`` is the image to show first, by default the
    first test image.
    """
    page = make_payload(record, opened=opened)
    classes = StyleClasses()
    # Work that needs no figure comes first: another process may be drawing the figures meanwhile.
    (first, last), template = run_scripts(), _template()
    with ThreadPoolExecutor(1) as pool:  # zlib releases the GIL, so compression runs while figures are drawn
        islands = pool.submit(encode_arrays, record)
        figures = FigureOrder([embed(drawing, classes) for drawing in drawings])
    style = check_style(f"{read_styles(STYLE_SHEETS)}\n{classes.css()}\n")
    return template.render(
        page=page,
        figures=figures,
        vocabulary=Glossary(),
        sections=[(anchor, label) for anchor, label in SECTIONS if _applies(anchor, page, figures)],
        policy=content_security_policy([first, last], [style]),
        style=Markup(style),  # noqa: S704 - ours, and checked above
        first=Markup(first),  # noqa: S704 - ours; bundle() refuses what would end the element
        last=Markup(last),  # noqa: S704
        payload=Markup(island(page)),  # noqa: S704 - island() escapes what would end the element
        is_early=lambda name: name == FINAL or name.startswith("test-"),
        islands={name: Markup(text) for name, text in islands.result().items()},  # noqa: S704 - base64
    )  # fmt: skip


def _applies(anchor: str, page: Page, figures: FigureOrder) -> bool:
    if anchor == "fails":
        return bool(page["metrics"]["test"]["errors"])
    if anchor == "sure":
        return uncertainty.applies(page)
    if anchor == "inside":
        return bool(page["weights"] or figures.of_kind("kernels", "feature_maps", "feature_maps_per_class"))
    return True


@cache
def _template() -> Template:
    """Return the page's template, with every included template already compiled."""
    modules = (uncertainty, nouns, numbers, headings, reproduce, narrative, tables, conclusion)
    names = {module.__name__.rsplit(".", 1)[-1]: module for module in modules}
    templates = make_environment(
        **names, slug=slug, figure_label=figure_label, seed_spread=seed_spread, section_templates=SECTION_TEMPLATES
    )
    templates.filters["drawn"] = Markup  # matplotlib's SVG, which escapes the names of classes
    for name in (
        "macros.html",
        "head.html",
        "live_figure.html",
        *(f"sections/{path.name}" for path in TEMPLATES.glob("sections/*.html")),
    ):
        templates.get_template(name)
    return templates.get_template("run.html")
