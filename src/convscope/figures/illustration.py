"""A figure with the words that belong to it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Illustration:
    """One figure, before it becomes a file."""

    name: str
    """Stem of its files."""
    title: str
    """What it shows in this run, in a sentence with its numbers. Drawn into the picture too."""
    reading: str
    """One sentence: how to read it."""
    alternative: str
    """What somebody learns from it who cannot see it: the numbers in words."""
    figure: Figure

    def _repr_html_(self) -> str:
        """In a notebook an illustration shows itself, as a PNG with its words: notebooks keep no SVG apart from scripts."""
        from .rendering import to_png

        source = base64.b64encode(to_png(self)).decode("ascii")
        return (
            f'<figure><img src="data:image/png;base64,{source}" alt="{escape(self.alternative)}" style="max-width: 100%">'
            f"<figcaption>{escape(self.reading)}</figcaption></figure>"
        )


@dataclass(frozen=True)
class Drawing:
    """The same once drawn: what the page embeds."""

    name: str
    title: str
    reading: str
    alternative: str
    svg: str
    """A complete ``<svg>`` element, without XML declaration, with ids of its own."""
