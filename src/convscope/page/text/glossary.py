"""Definitions of the terms on a page, shown behind every "?" and in its last section."""

from pathlib import Path

_LINES = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
GLOSSARY = {term: meaning for term, _, meaning in (line.partition(": ") for line in _LINES)}
"""Terms with their definitions, in alphabetical order: the lines of ``glossary.txt``."""


class Glossary:
    """The terms that one page uses: templates request them while they are rendered, and the glossary comes last."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def meaning(self, word: str) -> str:
        """Return the definition of ``word`` and add it to the page's glossary; KeyError without such a term."""
        meaning = GLOSSARY[word]
        self._asked.add(word)
        return meaning

    def require(self, *words: str) -> str:
        """Add terms to which the page's script will attach a "?"; return an empty string, for use in a template."""
        for word in words:
            self.meaning(word)
        return ""

    @property
    def words(self) -> dict[str, str]:
        """The terms requested so far, with their definitions, in alphabetical order."""
        return {word: meaning for word, meaning in GLOSSARY.items() if word in self._asked}

    def title(self) -> str:
        """Return the heading of the glossary."""
        return f"{len(self.words)} terms on this page"


def slug(term: str) -> str:
    """Return the term as part of an id."""
    return term.lower().replace(" ", "-")
