"""Fonts for class names in scripts that DejaVu Sans lacks, among those that are installed.

Only PNG files need them; an SVG has its text drawn by its reader, in the reader's fonts.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, findSystemFonts, fontManager, get_font
from matplotlib.text import Text

USUAL = "DejaVu Sans"
PLACEHOLDERS = ("lastresort", "adobeblank")
"""Fonts that have a box, or nothing, for every character."""
_families: dict[str, str] = {}
"""The family for each character looked for so far, or an empty text where no font has it."""


def characters_without_font(texts: Iterable[str]) -> str:
    """Return the characters of ``texts`` that no installed font has, each once, in their order."""
    _search(everything := "".join(texts))
    return "".join(dict.fromkeys(each for each in everything if _families.get(each) == ""))


@contextmanager
def fitting_fonts(figure: Figure) -> Iterator[None]:
    """Let the texts of ``figure`` use other fonts for what DejaVu Sans lacks, in the block."""
    texts = [each for each in _texts(figure) if not each.get_text().isascii()]
    _search("".join(each.get_text() for each in texts))
    before = []
    for each in texts:
        if others := dict.fromkeys(filter(None, map(_families.get, each.get_text()))):
            before.append((each, each.get_fontfamily()))
            each.set_fontfamily([USUAL, *others])
    try:
        yield
    finally:
        for each, family in before:
            each.set_fontfamily(family)


def _texts(figure: Figure) -> Iterator[Text]:
    """Yield the texts of ``figure`` that are drawn."""
    for part in figure.get_children():
        # Looking into an axis that is not drawn would make its ticks, a third of a figure's time.
        hidden = isinstance(part, Axes) and not part.axison
        drawn = [each for each in part.get_children() if not isinstance(each, Axis)] if hidden else [part]
        for each in drawn:
            yield from (text for text in each.findobj(Text) if isinstance(text, Text))


def _search(text: str) -> None:
    """Find a family for each character of ``text`` that DejaVu Sans lacks and that was not looked for."""
    usual = get_font(findfont(USUAL))
    wanted = {each for each in text if each not in _families and not usual.get_char_index(ord(each))}
    wanted -= {each for each in wanted if unicodedata.category(each) in ("Cc", "Cf")}  # they have no shape
    _families.update(dict.fromkeys(wanted, ""))
    having: dict[str, set[str]] = {}
    for path in sorted(findSystemFonts(), key=_rank) if wanted else ():
        having[path] = _having(path, wanted)
        if having[path] == wanted:
            break
    while wanted and having:
        path = max(having, key=lambda path: len(having[path] & wanted))
        found = having.pop(path) & wanted
        if not found:
            return
        if not any(entry.fname == path for entry in fontManager.ttflist):  # installed after matplotlib made its list
            fontManager.addfont(path)
        _families.update(dict.fromkeys(found, get_font(path).family_name))
        wanted -= found


def _rank(path: str) -> tuple[bool, bool, str]:
    name = path.lower()
    return "sans" not in name, "regular" not in name, path


def _having(path: str, wanted: set[str]) -> set[str]:
    if any(name in path.lower() for name in PLACEHOLDERS):
        return set()
    try:
        font = get_font(path)
    except (OSError, RuntimeError):  # damaged, or of a format that matplotlib does not read
        return set()
    return {each for each in wanted if font.scalable and font.get_char_index(ord(each))}
