"""Numbers, dates and names as the page writes them. What is missing is written as a dash, never as ``nan``."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from ..formatting import percent as plain_percent

SPACE = "\N{NO-BREAK SPACE}"
MISSING = "–"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
"""Spelled out, because ``strftime`` would answer in the language of the machine."""
UNITS = ("B", "KB", "MB", "GB")
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})


def whole(value: float | None) -> str:
    """``108618`` → ``"108,618"``."""
    return MISSING if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 4) -> str:
    """``0.019046`` → ``"0.0190"``."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 2) -> str:
    """``0.9935`` → ``"99.35%"``; the space does not break."""
    return MISSING if share is None else plain_percent(share, digits).replace(" ", SPACE)


def confidence(share: float) -> str:
    """A probability as a percentage that is never rounded up to 100: a softmax does not reach it."""
    return f"more than {percent(0.9999)}" if share > 0.9999 else percent(share)


def percent_range(interval: Sequence[float], digits: int = 2) -> str:
    """``[0.9917, 0.9949]`` → ``"99.17–99.49%"``."""
    low, high = interval
    return f"{100 * low:.{digits}f}–{percent(high, digits)}"


def rate(value: float | None) -> str:
    """A learning rate with two significant digits, without an exponent where five decimals say it: ``0.0024``."""
    if value is None:
        return MISSING
    return f"{value:.2g}" if value == 0 or value >= 1e-4 else f"{value:.1e}".replace("e-0", "e-").replace("-", "−")


def duration(seconds: float | None) -> str:
    """``35.92`` → ``"35.9 s"``, ``147`` → ``"2 min 27 s"``."""
    if seconds is None:
        return MISSING
    if seconds < 120:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes}{SPACE}min {rest}{SPACE}s"
    return f"{minutes // 60}{SPACE}h {minutes % 60}{SPACE}min"


def memory(num_bytes: float) -> str:
    """As Keras' ``summary()`` writes it, in steps of 1,024: ``434472`` → ``"424.29 KB"``."""
    for unit in UNITS:
        if num_bytes < 1024 or unit == UNITS[-1]:
            break
        num_bytes /= 1024
    return f"{num_bytes:,.2f}{SPACE}{unit}"


def day(timestamp: str) -> str:
    """``"2026-11-22T07:00:15+00:00"`` → ``"22 November 2026"``."""
    moment = datetime.fromisoformat(timestamp)
    return f"{moment.day}{SPACE}{MONTHS[moment.month - 1]} {moment.year}"


def minute(timestamp: str) -> str:
    """``"2026-11-22T07:00:15+00:00"`` → ``"22 November 2026, 07:00 UTC"``."""
    moment = datetime.fromisoformat(timestamp)
    return f"{day(timestamp)}, {moment:%H:%M}{SPACE}{moment.tzname() or ''}".rstrip()


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``(2, "convolution")`` → ``"two convolutions"``; from 13 on in digits."""
    return f"{word(number)} {noun if number == 1 else plural or noun + 's'}"


def word(number: int) -> str:
    """Small numbers in words, as a sentence has them."""
    return WORDS[number] if 0 <= number < len(WORDS) else f"{number:,}"


def joined(parts: Sequence[str]) -> str:
    """``["a", "b", "c"]`` → ``"a, b and c"``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def sides(shape: Sequence[int]) -> str:
    """``(28, 28)`` → ``"28 × 28"``, which does not break."""
    return f"{SPACE}×{SPACE}".join(map(str, shape))


def name(text: str) -> str:
    """A name of the user's, ready to stand in a sentence: isolated where it is written from right to left."""
    return f"\u2068{text}\u2069" if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text) else text


def capital(text: str) -> str:
    """The first letter of a sentence."""
    return text[:1].upper() + text[1:]
