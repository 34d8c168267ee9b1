"""Words for what the network cannot see. What a network costs, and where it is blind, follows from its layers alone and is the
same for every run, so no finding: the page tells it where it tells how the network is built."""

from __future__ import annotations

MOST_LISTED = 6
"""Lines of the input that are named one by one."""


def lines_in_words(what: str, lines: list[int]) -> str:
    """``"rows 24 to 27"``; a stride that is wider than its window leaves out lines that do not follow each other."""
    if len(lines) == 1:
        return f"{what} {lines[0]}"
    if len(lines) > 2 and lines[-1] - lines[0] == len(lines) - 1:
        return f"{what}s {lines[0]} to {lines[-1]}"
    if len(lines) > MOST_LISTED:
        return f"{len(lines)} {what}s"
    return f"{what}s {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
