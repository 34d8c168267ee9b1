"""Numbers and lists as text, the same in figures, pages, terminal output and errors.

Plain functions without typography: ``page`` adds no-break spaces where a line must not break.
"""

import json
import unicodedata
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and composed emoji need."""
MIN_P = 0.0001
"""Smaller p-values are written as an inequality."""
ROUNDING = 1e-9
"""By which a mean of ones may differ from one."""


def printable(text: str, kept: str = JOINERS) -> str:
    """Return ``text`` with everything that a terminal would obey spelt as in JSON, but the characters ``kept``."""
    return "".join(each if each.isprintable() or each in kept else json.dumps(each)[1:-1] for each in text)


def composed(name: str) -> str:
    """Return the name of a class in Unicode's form NFC: macOS writes the names of folders in decomposed form."""
    return unicodedata.normalize("NFC", name)


def percent(share: float, digits: int = 2) -> str:
    """Return a share as a percentage: ``0.9935`` as ``"99.35%"``; with more digits where it would be rounded to 0% or 100%."""
    while round(100 * share, digits) in (0, 100) and ROUNDING < share < 1 - ROUNDING:
        digits += 1
    return f"{100 * share:.{digits}f}%"


def percent_range(interval: Sequence[float], digits: int = 2) -> str:
    """Return an interval of shares: ``(0.9917, 0.9949)`` as ``"99.17–99.49%"``.

    With up to two digits where an end would be rounded to 0% or 100%.
    """
    low, high = interval
    while digits < 2 and (
        (low > ROUNDING and not round(100 * low, digits)) or round(100 * high, digits) == 100 != 100 * high
    ):
        digits += 1
    return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}%"


def format_probability(probability: float, digits: int = 2) -> str:
    """Return a probability as a percentage never rounded to 0% or 100%: ``"> 99.99%"``.

    A softmax reaches neither, and a rounded 100% would hide how confident a wrong prediction can be.
    """
    smallest = 10.0**-digits / 100
    if probability > 1 - smallest:
        return f"> {percent(1 - smallest, digits)}"
    return percent(probability, digits) if probability >= smallest else f"< {percent(smallest, digits)}"


def percentage_points(difference: float, digits: int = 2, *, sign: bool = False) -> str:
    """Return a difference of shares in percentage points: ``-0.0083`` as ``"−0.83"``.

    The unit is left out. Zero has no sign; a positive difference has one if ``sign`` is on.
    """
    text = f"{100 * difference:{'+' if sign else ''}.{digits}f}"
    if not float(text):
        return f"{0:.{digits}f}"
    return text.replace("-", MINUS)


def p_value(p: float) -> str:
    """Return a p-value with its relation, to follow the letter p: ``"= 0.032"``."""
    if p < MIN_P:
        return f"< {MIN_P}"
    return f"= {p:.{2 if p >= 0.1 else 3 if p >= 0.01 else 4}f}"


def join_words(words: Sequence[str], conjunction: str = "and") -> str:
    """Return words as a sentence lists them: ``"a, b and c"``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def shorten_list(words: Sequence[str], limit: int = 5, total: int | None = None) -> str:
    """Return the first ``limit`` words and the number of the rest: ``"a, b and 1,234 more"``.

    ``total`` is the length of the whole list, if ``words`` is only its beginning.
    """
    rest = (len(words) if total is None else total) - min(limit, len(words))
    text = ", ".join(words[:limit])
    return f"{text} and {rest:,} more" if rest > 0 else text


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``"1 error"``, ``"1,200 errors"``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
