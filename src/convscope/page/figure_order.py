"""The order of the figures on the page, and their numbers."""

from collections.abc import Iterable

from ..figures.figure import Drawing
from .svg import anchor

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
