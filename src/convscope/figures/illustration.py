"""A figure with the words that belong to it."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Drawing:
    """The same once drawn: what the page embeds."""

    name: str
    title: str
    reading: str
    alternative: str
    svg: str
    """A complete ``<svg>`` element, without XML declaration, with ids of its own."""
