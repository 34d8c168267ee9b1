"""Lines of a text table: the pixels of one image each, and the cells beside them.

NumPy parses whole lines, ten times as fast as Python. Lines that it rejects are parsed cell by cell to find out what is wrong.
All invalid lines of a file are collected before an error is raised.
"""

import re
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...formatting import count_of, printable
from ..read_options import ReadListener, ReadProgress
from .csv_layout import BLANK, Layout, each_line, is_number, shorten, split_cells, with_decimal_points

MAX_LISTED = 20
MAX_LEVEL = 255
MAX_WHOLE = 2**31 - 1
PLAIN = re.compile(rb'[^"]*|\s*"[^"]*"\s*')
"""A cell whose quotes, if any, only surround it."""
SECONDS = 0.1
"""Interval of progress events."""
Row: TypeAlias = npt.NDArray[Any]
"""(pixels,) uint8; int32 if the line holds larger whole numbers; float32 if it holds decimals or negative numbers."""


@dataclass
class Lines:
    """The contents of a table."""

    extras: list[tuple[str, ...]] = field(default_factory=list)
    """The cells of each line that are no pixels."""
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The line of each row, from 1."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Numbers and faults of the first invalid lines."""
    faulty: list[int] = field(default_factory=list)
    """Numbers of all invalid lines."""

    def report(self, number: int, what: str) -> None:
        """Count an invalid line, and describe it if it is one of the first."""
        self.faulty.append(number)
        if len(self.bad) < MAX_LISTED:
            self.bad.append((number, what))

    def column(self, extra: int) -> list[str]:
        """Return the cells of one of the extra columns."""
        return [cells[extra] for cells in self.extras]


def read_lines(path: Path, layout: Layout, progress: ReadListener | None = None) -> Lines:
    """Read all lines after the header; the result includes the invalid ones.

    Values outside 0 to 255 make a line invalid unless most lines have some: then the whole table has another scale.
    ``progress`` is called with the number of bytes read, ten times a second. A file that is not UTF-8 text, or a line that
    is too long, is a DatasetError.
    """
    lines, uncertain, total, last_event = Lines(), (Lines(), Lines()), path.stat().st_size, time.monotonic()
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # raised by NumPy before 2.3; later versions raise ValueError
        for index, (number, line) in enumerate(each_line(file, path)):
            if layout.header and index == 0:
                continue
            _read_line(number, line, layout, lines, *uncertain)
            if progress and time.monotonic() - last_event >= SECONDS:
                last_event = time.monotonic()
                progress(ReadProgress(f"reading {printable(path.name)}", min(file.tell(), total), total, "bytes"))
    for kind in uncertain:
        if 2 * len(kind.faulty) <= len(lines.rows):
            _remove(lines, kind)
    return lines


def _remove(lines: Lines, invalid: Lines) -> None:
    gone = set(invalid.faulty)
    keep = [place for place, number in enumerate(lines.numbers) if number not in gone]
    lines.extras, lines.rows, lines.numbers = (
        [lines.extras[place] for place in keep],
        [lines.rows[place] for place in keep],
        [lines.numbers[place] for place in keep],
    )
    lines.faulty += invalid.faulty
    lines.bad = sorted(lines.bad + invalid.bad)[:MAX_LISTED]


def _read_line(number: int, line: bytes, layout: Layout, lines: Lines, unlabelled: Lines, outside: Lines) -> None:
    if layout.delimiter == BLANK:
        line = BLANK.join(line.split())
    line = with_decimal_points(line, layout.delimiter)
    if layout.order:
        line = _reorder(line, layout)
    before, pixels, after = _split(line, layout)
    row = _parse_row(pixels, layout)
    extras = [cell.strip(b' "').decode("utf-8") for cell in (*before, *after)]
    if not all(map(PLAIN.fullmatch, (*before, *after))) and layout.separator == layout.delimiter:
        row = None  # quotes within quotes, or one that is not closed
    if row is None or len(extras) != layout.leading + layout.trailing:
        cells = split_cells(line, layout.delimiter)
        row = _parse_cells(number, cells, layout, lines)
        if row is None:
            return
        extras = [cell.strip() for cell in (*cells[: layout.leading], *cells[len(cells) - layout.trailing :])]
    if any("\0" in cell for cell in extras):  # NumPy would drop it, and classes would merge
        lines.report(number, "a cell beside the pixels holds a zero byte")
        return
    if extras and not any(extras):
        unlabelled.report(number, "the label is empty")
    elif row.dtype != np.uint8 and (wrong := _outside(row)):
        value, column = row[wrong[0]], layout.place(layout.leading + wrong[0]) + 1
        outside.report(number, f"{value:g} in column {column:,} is not a number from 0 to 255")
    lines.extras.append(tuple(extras))
    lines.rows.append(row)
    lines.numbers.append(number)


def _outside(row: Row) -> list[int]:
    return [int(index) for index in np.flatnonzero((row < 0) | (row > MAX_LEVEL))[:1]]


def _reorder(line: bytes, layout: Layout) -> bytes:
    """Return a line with its columns in the order of the layout; one with another number of cells unchanged."""
    cells = line.split(layout.delimiter)
    if len(cells) != layout.columns:  # a delimiter between quotes, or an invalid line
        cells = [b'"%s"' % cell.replace('"', '""').encode() for cell in split_cells(line, layout.delimiter)]
    return layout.delimiter.join(cells[place] for place in layout.order) if len(cells) == layout.columns else line


def _split(line: bytes, layout: Layout) -> tuple[list[bytes], bytes, list[bytes]]:
    """Return the cells before the pixels, the pixels, and the cells after them."""
    *before, rest = line.split(layout.delimiter, layout.leading)
    rest, *after = rest.rsplit(layout.delimiter, layout.trailing)
    return before, rest.strip(b' "') if layout.separator != layout.delimiter else rest, after


def _parse_row(pixels: bytes, layout: Layout) -> Row | None:
    """Parse the pixels of a line; None if they are not as many finite numbers as expected."""
    if pixels.count(layout.separator) != layout.pixels - 1:
        return None
    for dtype in (np.int64, np.float64):
        try:
            row: Row = np.fromstring(pixels.decode("ascii"), dtype, sep=layout.separator.decode("ascii"))
        except (ValueError, DeprecationWarning):
            continue
        return _smallest(row) if len(row) == layout.pixels and np.isfinite(row).all() else None
    return None


def _smallest(row: Row) -> Row:
    low, high = row.min(), row.max()
    if low >= 0 and high <= MAX_WHOLE and (row.dtype == np.int64 or (row == np.floor(row)).all()):
        return row.astype(np.uint8 if high <= MAX_LEVEL else np.int32)
    return row.astype(np.float32)


def _parse_cells(number: int, cells: list[str], layout: Layout, lines: Lines) -> Row | None:
    """Parse a line cell by cell; None, with an entry in ``lines.bad``, if it is invalid."""
    if layout.separator != layout.delimiter:
        lines.report(number, f"its pixels are not {layout.pixels:,} numbers with blanks in between")
        return None
    if len(cells) != layout.columns:
        lines.report(number, f"{count_of(len(cells), 'cell')}, but the first line has {layout.columns:,}")
        return None
    pixels = cells[layout.leading : layout.columns - layout.trailing]
    for column, cell in enumerate(pixels, layout.leading):
        if not is_number(cell):
            what = repr(shorten(cell.strip())) if cell.strip() else "an empty cell"
            lines.report(number, f"{what} in column {layout.place(column) + 1:,} is not a number from 0 to 255")
            return None
    return _smallest(np.array([float(cell) for cell in pixels]))
