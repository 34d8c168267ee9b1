"""Names, numbers and shares as the figures write them."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from ..formatting import JOINERS, MINUS, format_probability, percent

SMALL, TINY = 1e-3, 1e-6


def label(name: str, most: int = 16) -> str:
    """Return a class name for a figure: one line of at most ``most`` characters."""
    # A name may be any text of a folder or a file. Control characters are invalid in XML, and some reverse the text.
    plain = "".join(character if character.isprintable() or character in JOINERS else " " for character in name)
    plain = " ".join(plain.split()) or "(no name)"
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def quoted(name: str) -> str:
    """Return a class name in quotation marks, for a sentence."""
    return f"“{label(name, 24)}”"


def file_stem(text: str) -> str:
    """Return the name of a layer as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)


def rounded_share(share: float) -> str:
    """Return a share as a whole percentage; only 1 is "100%" and only 0 is "0%"."""
    return percent(share, 0) if share in (0.0, 1.0) else format_probability(share, 0 if share >= 0.01 else 1)


def number(value: float) -> str:
    """Return a number with three significant digits, or one below 0.001; whole numbers stay whole."""
    if not isfinite(value):
        text = str(value)
    elif value == int(value):
        text = f"{int(value):,}"
    elif abs(value) >= SMALL:
        text = f"{value:#.3g}".rstrip(".")
    else:
        rounded = max(abs(float(value)), TINY) * (1 if value > 0 else -1)
        text = np.format_float_positional(rounded, precision=1, fractional=False)
    return text.replace("-", MINUS)


def size(shape: Sequence[int]) -> str:
    """Return a shape as text: ``"26 × 26 × 16"``."""
    return " × ".join(f"{extent:,}" for extent in shape) or "1"


def validates_on_test(request: Mapping[str, Any]) -> bool:
    """Return whether the run validates on its test split, as the recipe ``notebook`` does."""
    return bool(request["config"]["validation"] == "test")


def span(indices: Sequence[int]) -> str:
    """Return the first and the last index: ``"5 to 24"``."""
    first, last = int(np.min(indices)), int(np.max(indices))
    return str(first) if first == last else f"{first} to {last}"
