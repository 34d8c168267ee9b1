"""Words for the rows and columns of the input that cannot influence the output."""

from __future__ import annotations

from ...formatting import join_words

MAX_LISTED = 6
"""Largest number of rows or columns that are named one by one."""


def lines_in_words(what: str, lines: list[int]) -> str:
    """Return rows or columns as text, such as ``"rows 24 to 27"``.

    Args:
        what: ``"row"`` or ``"column"``.
        lines: Their indices, ascending. They have gaps if a stride is larger than its window.
    """
    if len(lines) == 1:
        return f"{what} {lines[0]}"
    if len(lines) > 2 and lines[-1] - lines[0] == len(lines) - 1:
        return f"{what}s {lines[0]} to {lines[-1]}"
    return f"{len(lines)} {what}s" if len(lines) > MAX_LISTED else f"{what}s {join_words([str(line) for line in lines])}"
