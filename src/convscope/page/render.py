"""Render the report: templates, style sheets, scripts, data and drawings in one self-contained file."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from jinja2 import Template
from markupsafe import Markup

from ..analysis.training_summary import seed_spread
from ..figures.figure import Drawing
from ..runs.record import RunRecord
from .binary_data import FINAL
from .bundle import run_scripts
from .csp import content_security_policy, island
from .environment import TEMPLATES, check_style, make_environment, read_styles
from .payload import OpenedPicture, encode_arrays, make_payload
from .svg import StyleClasses, anchor, embed
from .text import conclusion, headings, narrative, nouns, numbers, reproduce, tables, uncertainty
from .text.glossary import Glossary, slug
from .text.nouns import Page

MATRIX = "first_image_matrix"
"""The one figure that the page shows as a table, so that its numbers can be read aloud, searched and copied."""
KINDS = ("accuracy", "loss", "confusion_matrix", "per_class", "mistakes", "reliability", "coverage", "robustness", "baseline",
         "other", MATRIX, "first_image", "samples", "class_counts", "model_diagram", "kernels", "feature_maps",
         "feature_maps_per_class")  # fmt: skip
"""Kinds of figures in the order of the page; "other" is for figures of later versions."""
PER_LAYER = ("feature_maps_per_class", "feature_maps", "kernels")
"""Prefixes of kinds with one figure per layer; longer prefixes first."""


class FigureOrder:
    """The figures of a page by name, numbered in the order of the page."""

    def __init__(self, figures: Iterable[Drawing]) -> None:
        self._figures = {figure.name: figure for figure in figures if figure.name != MATRIX}
        self._order = sorted([MATRIX, *self._figures], key=lambda name: KINDS.index(kind(name)))

    def __contains__(self, name: str) -> bool:
        return anchor(name) in self._order

    def __getitem__(self, name: str) -> Drawing:
        return self._figures[anchor(name)]

    def number(self, name: str) -> int:
        """Return the number of a figure, from 1."""
        return self._order.index(anchor(name)) + 1

    def drawn(self) -> list[Drawing]:
        """Return the figures that are drawings, in the order of the page."""
        return [self._figures[name] for name in self._order if name != MATRIX]

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the figures of these kinds, in the order of the page."""
        return [name for name in self._order if kind(name) in kinds]


def figure_label(name: str) -> str:
    """Return a figure's name for a list: ``"kernels of conv2d_1"`` for ``"kernels_conv2d_1"``."""
    own = kind(name)
    what = own.replace("_", " ")
    return f"{what} of {name.removeprefix(f'{own}_')}" if own in PER_LAYER else what if own != "other" else name


def kind(name: str) -> str:
    """Return the kind of a figure: ``"kernels"`` for ``"kernels_conv2d"``."""
    for prefix in PER_LAYER:
        if name.startswith(f"{prefix}_"):
            return prefix
    return name if name in KINDS else "other"


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
