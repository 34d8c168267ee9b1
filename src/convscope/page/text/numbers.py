"""Numbers, dates and names as the pages write them, with no-break spaces; a missing value is a dash, never ``nan``."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from ... import formatting
from ...analysis.statistics.proportions import is_measured as is_measured
from ...formatting import percentage_points as percentage_points

SPACE = "\N{NO-BREAK SPACE}"
MISSING = "–"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

# Spelled out, because strftime would use the language of the machine.
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

UNITS = ("B", "KB", "MB", "GB")

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})


def whole(value: float | None) -> str:
    """Return a whole number: ``108618`` as ``"108,618"``."""
    return MISSING if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 4) -> str:
    """Return a decimal number: ``0.019046`` as ``"0.0190"``."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def decimal_range(interval: Sequence[float | None], digits: int = 4) -> str:
    """Return an interval: ``[0.0171, 0.0234]`` as ``"0.0171–0.0234"``."""
    low, high = interval
    return MISSING if low is None else f"{low:.{digits}f}–{high:.{digits}f}"


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share as a percentage: ``0.9935`` as ``"99.35%"``."""
    return MISSING if share is None else formatting.percent(share, digits)


def percent_range(interval: Sequence[float] | None, digits: int = 2) -> str:
    """Return an interval of shares: ``(0.9917, 0.9949)`` as ``"99.17–99.49%"``."""
    return MISSING if interval is None else formatting.percent_range(interval, digits)


def confidence(probability: float) -> str:
    """Return a probability as a percentage that is never rounded to 0% or 100%: ``"> 99.99%"``."""
    return formatting.format_probability(probability).replace(" ", SPACE)


def p_value(p: float) -> str:
    """Return a p-value for a column headed p: ``"0.032"``, ``"< 0.0001"``."""
    return formatting.p_value(p).removeprefix("= ").replace(" ", SPACE)


def rate(value: float | None) -> str:
    """Return a learning rate with two significant digits, and an exponent only below 0.0001: ``"0.0024"``, ``"9.3e−7"``."""
    if value is None:
        return MISSING
    return (
        f"{value:.2g}" if value == 0 or value >= 1e-4 else f"{value:.1e}".replace("e-0", "e-").replace("-", formatting.MINUS)
    )


def duration(seconds: float | None) -> str:
    """Return a duration: ``35.92`` as ``"35.9 s"``, ``147`` as ``"2 min 27 s"``."""
    if seconds is None:
        return MISSING
    if seconds < 120:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes}{SPACE}min {rest}{SPACE}s"
    return f"{minutes // 60}{SPACE}h {minutes % 60}{SPACE}min"


def memory(num_bytes: float) -> str:
    """Return a size in steps of 1,024, as Keras' ``summary()`` does: ``434472`` as ``"424.29 KB"``."""
    for unit in UNITS:
        if num_bytes < 1024 or unit == UNITS[-1]:
            break
        num_bytes /= 1024
    return f"{num_bytes:,.2f}{SPACE}{unit}"


def day(timestamp: str) -> str:
    """Return a date: ``"2026-11-22T07:00:15+00:00"`` as ``"22 November 2026"``."""
    moment = datetime.fromisoformat(timestamp)
    return f"{moment.day}{SPACE}{MONTHS[moment.month - 1]} {moment.year}"


def minute(timestamp: str) -> str:
    """Return a date and time: ``"2026-11-22T07:00:15+00:00"`` as ``"22 November 2026, 07:00 UTC"``."""
    moment = datetime.fromisoformat(timestamp)
    return f"{day(timestamp)}, {moment:%H:%M}{SPACE}{moment.tzname() or ''}".rstrip()


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in words up to twelve: ``(2, "convolution")`` as ``"two convolutions"``."""
    return f"{word(number)} {noun if number == 1 else plural or noun + 's'}"


def word(number: int) -> str:
    """Return a number in words up to twelve, otherwise in digits."""
    return WORDS[number] if 0 <= number < len(WORDS) else f"{number:,}"


def sides(shape: Sequence[int]) -> str:
    """Return the size of an image on one line: ``(28, 28)`` as ``"28 × 28"``."""
    return f"{SPACE}×{SPACE}".join(map(str, shape))


def name(text: str) -> str:
    """Return a user's name for use in a sentence; right-to-left text is isolated."""
    return f"\u2068{text}\u2069" if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text) else text


def capital(text: str) -> str:
    """Return ``text`` with its first letter in upper case."""
    return text[:1].upper() + text[1:]
