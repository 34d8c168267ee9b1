"""A figure with its title, caption and text alternative."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Illustration:
    """A figure before it is rendered."""

    name: str
    """Stem of the file names."""
    title: str
    """What the figure shows for this run, with its numbers; also drawn into the figure."""
    reading: str
    """How to read the figure, in one sentence."""
    alternative: str
    """The numbers of the figure as text, for readers who cannot see it."""
    figure: Figure

    def _repr_html_(self) -> str:
        """Return the figure for a notebook: a PNG, because notebooks treat SVG like scripts, with its caption."""
        from .rendering import to_png

        source = base64.b64encode(to_png(self)).decode("ascii")
        return (
            f'<figure><img src="data:image/png;base64,{source}" alt="{escape(self.alternative)}" style="max-width: 100%">'
            f"<figcaption>{escape(self.reading)}</figcaption></figure>"
        )


@dataclass(frozen=True)
class Drawing:
    """A figure rendered as SVG, for the page."""

    name: str
    title: str
    reading: str
    alternative: str
    svg: str
    """A complete ``<svg>`` element without XML declaration, with unique ids."""
