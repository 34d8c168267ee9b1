"""Tables: in a notebook, for pandas, and as CSV text."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..errors import MissingExtraError
from ..formatting import count_of

MOST_ROWS = 30
"""Rows of a table in a notebook."""


class Tabular:
    """A result with rows, each a mapping of a column's name to its value."""

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the rows; all have the same columns."""
        raise NotImplementedError

    def to_frame(self) -> Any:
        """Return the rows as a ``pandas.DataFrame``.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise MissingExtraError("to_frame needs pandas. Install it with: pip install pandas") from error
        return pandas.DataFrame(self.as_rows())

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{html_table(self.as_rows())}"


def html_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the first ``MOST_ROWS`` rows as an HTML table; nothing without rows."""
    rows = list(rows)
    if not rows:
        return ""
    head = "".join(f"<th {_aligned(value)}>{escape(name.replace('_', ' '))}</th>" for name, value in rows[0].items())
    body = "".join(f"<tr>{''.join(map(_cell, row.values()))}</tr>" for row in rows[:MOST_ROWS])
    more = f"<p>{count_of(len(rows) - MOST_ROWS, 'more row')}</p>" if len(rows) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any) -> str:
    if isinstance(value, float):  # decimals below each other, but a learning rate of 2e-05 is no 0.0000
        text = f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 10 else f"{value:.4g}"
    else:
        text = "" if value is None else str(value)
    return f"<td {_aligned(value)}>{escape(text)}</td>"


def _aligned(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f'style="text-align: {"right" if is_number else "left"}"'


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return ``rows`` as CSV, a line each."""
    lines: list[str] = []

    class Lines:
        def write(self, line: str) -> None:
            lines.append(line[:-2])

    # The writer quotes a carriage return only where its own line ends hold one.
    csv.writer(Lines(), lineterminator="\r\n").writerows(rows)
    return "".join(f"{line}\n" for line in lines)
