"""Names, numbers and shares as figures write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from ..formatting import percent

JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and composed emoji need."""
SMALL, TINY = 1e-3, 1e-6


def label(name: str, most: int = 16) -> str:
    """A class name that can stand in a figure: one line, at most ``most`` characters, nothing that turns the text round.

    Names are any text that a folder or a file held. Control characters are not allowed in XML, and one of those that set
    the direction of writing would mirror what stands beside it.
    """
    plain = "".join(character if character.isprintable() or character in JOINERS else " " for character in name)
    plain = " ".join(plain.split()) or "(no name)"
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def quoted(name: str) -> str:
    """A class name inside a sentence."""
    return f"“{label(name, 24)}”"


def file_stem(text: str) -> str:
    """A layer's name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)


def rounded_share(share: float) -> str:
    """Whole per cent; "100%" is all and "0%" nothing, so what is only near them says so."""
    if share in (0.0, 1.0) or 0.01 <= share < 0.995:
        return percent(share, 0)
    if share >= 0.995:
        return "> 99%"
    return percent(share, 1) if share >= 0.001 else "< 0.1%"


def confidence_text(probability: float) -> str:
    """Never "100%": a softmax does not reach it, and rounding up would hide how sure of an error a network can be."""
    for digits in (1, 2, 4):
        text = percent(probability, digits)
        if not text.startswith("100"):
            return text
    return "> 99.9999%"


def number(value: float) -> str:
    """Three significant digits, with a real minus sign; one digit under a thousandth; whole numbers as they are."""
    if not isfinite(value):
        text = str(value)
    elif value == int(value):
        text = f"{int(value):,}"
    elif abs(value) >= SMALL:
        text = f"{value:#.3g}".rstrip(".")
    else:
        text = np.format_float_positional(
            max(abs(float(value)), TINY) * (1 if value > 0 else -1), precision=1, fractional=False
        )
    return text.replace("-", "−")


def count(amount: int, what: str) -> str:
    """``count(1, "error")`` is "1 error"; of two, "2 errors"."""
    plural = what if amount == 1 else {"class": "classes", "has": "have"}.get(what, what + "s")
    return f"{amount:,} {plural}"


def size(shape: Sequence[int]) -> str:
    """``"26 × 26 × 16"``."""
    return " × ".join(f"{extent:,}" for extent in shape) or "1"


def listed(parts: Sequence[str]) -> str:
    """``"a, b and c"``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def validates_on_test(request: Mapping[str, Any]) -> bool:
    """Whether the run's validation images are its test split, as in the recipe of the notebook."""
    return bool(request["config"]["validation"] == "test")


def span(indices: Sequence[int]) -> str:
    """``"5 to 24"``, from first to last."""
    first, last = int(np.min(indices)), int(np.max(indices))
    return str(first) if first == last else f"{first} to {last}"
