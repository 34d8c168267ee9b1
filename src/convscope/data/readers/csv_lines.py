"""Lines of a text table: the label and pixels of one image each.

NumPy parses whole lines, ten times as fast as Python. Lines that it rejects are parsed cell by cell to find out what is wrong.
All invalid lines of a file are collected before an error is raised.
"""

from __future__ import annotations

import csv
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError
from ...formatting import count_of
from ..images.inputs import printable
from ..read_options import ReadListener, ReadProgress

DELIMITERS = (b",", b";", b"\t")
LABEL_COLUMNS = frozenset({"label", "labels", "class", "target", "y"})
MAX_LISTED = 20
MAX_LINE = 2**24
"""Longest line, in bytes: enough for an RGB image of 1,000 × 1,000."""
MAX_LEVEL = 255
SECONDS = 0.1
"""Interval of progress events."""
Row: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""(pixels,) uint8, or float32 if the line holds decimals."""


@dataclass(frozen=True)
class Layout:
    """The layout of a table, derived from its first line."""

    delimiter: bytes
    columns: int
    header: bool
    label_column: int | None
    """0, the last column, or None if the header names no labels. Without a header ``detect_label_column`` may change it."""

    @property
    def pixels(self) -> int:
        return self.columns - (self.label_column is not None)


@dataclass
class Lines:
    """The contents of a table."""

    labels: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The line of each row, from 1."""
    bad: list[str] = field(default_factory=list)
    """Descriptions of the first invalid lines."""
    num_bad: int = 0

    def report(self, number: int, what: str) -> None:
        """Count an invalid line, and describe it if it is one of the first."""
        self.num_bad += 1
        if len(self.bad) < MAX_LISTED:
            self.bad.append(f"  line {number:,}: {what}")


def find_layout(path: Path) -> Layout:
    """Return the layout of a table; DatasetError if it does not begin like one of images."""
    with path.open("rb") as file:
        first = next((line for _, line in _each_line(file, path)), None)
    if first is None:
        raise DatasetError(f"{str(path)!r} is empty. Copy or save it again.")
    delimiter = max(DELIMITERS, key=first.count)
    cells = _cells(first, delimiter)
    if len(cells) < 3:
        raise DatasetError(
            f"{str(path)!r} begins with {shorten(first)!r}, {count_of(len(cells), 'cell')}. Each line must hold a label and the "
            "pixels of an image, separated by commas."
        )
    header = _is_header(cells)
    column = _label_column(cells) if header else len(cells) - 1 if _is_number(cells[0]) and not _is_number(cells[-1]) else 0
    return Layout(delimiter, len(cells), header, column)


def column_names(path: Path, layout: Layout) -> list[str]:
    """Return the cells of the first line."""
    with path.open("rb") as file:
        return next(([cell.strip() for cell in _cells(line, layout.delimiter)] for _, line in _each_line(file, path)), [])


def _is_header(cells: list[str]) -> bool:
    """Return whether the first line names the pixels, or numbers them as pandas does."""
    # A text in the first cell alone is no sign: labels may be texts.
    if not any(map(_is_number, cells[1:-1])):
        return True
    counted = [[str(first + index) for index in range(len(cells) - 1)] for first in (0, 1)]
    return not _is_number(cells[0]) and [cell.strip() for cell in cells[1:]] in counted


def _label_column(header: list[str]) -> int | None:
    names = [cell.strip().lower() for cell in header]
    if names[0] not in LABEL_COLUMNS and names[-1] in LABEL_COLUMNS:
        return len(names) - 1
    first, second = (re.sub(r"\d+", "#", name) for name in names[:2])
    return None if first == second and names[0] != names[1] else 0


def read_lines(path: Path, layout: Layout, progress: ReadListener | None = None) -> Lines:
    """Read all lines after the header; the result includes the invalid ones.

    ``progress`` is called with the number of bytes read, ten times a second. A file that is not UTF-8 text, or a line that
    is too long, is a DatasetError.
    """
    lines, total, last_event = Lines(), path.stat().st_size, time.monotonic()
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # raised by NumPy before 2.3; later versions raise ValueError
        for index, (number, line) in enumerate(_each_line(file, path)):
            if layout.header and index == 0:
                continue
            _read_line(number, line, layout, lines)
            if progress and time.monotonic() - last_event >= SECONDS:
                last_event = time.monotonic()
                progress(ReadProgress(f"reading {printable(path.name)}", min(file.tell(), total), total, "bytes"))
    return lines


def shorten(text: bytes | str, most: int = 40) -> str:
    """Return the beginning of a text, for messages."""
    decoded = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    return decoded if len(decoded) <= most else f"{decoded[:most]}…"


def _each_line(file: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number, from 1, and the content of each line that is not empty."""
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line[:100]:
                raise DatasetError(f"{str(path)!r} is not UTF-8 text; it may be UTF-16. Save it as UTF-8.")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) == MAX_LINE:
            raise DatasetError(
                f"line {number:,} of {str(path)!r} has more than {MAX_LINE // 2**20} MB. Save the table with one image per line."
            )
        if line := line.strip(b"\r\n "):
            yield number, line


def _read_line(number: int, line: bytes, layout: Layout, lines: Lines) -> None:
    label, pixels = _split_label(line, layout)
    row: Row | None = _parse_integers(pixels, layout)
    if row is None:
        row = _parse_cells(number, line, layout, lines)
        if row is None:
            return
        label = "" if layout.label_column is None else _cells(line, layout.delimiter)[layout.label_column]
    try:
        text = label.strip(b' "').decode("utf-8") if isinstance(label, bytes) else label.strip()
    except UnicodeDecodeError:
        lines.report(number, f"the label {shorten(label)!r} is not UTF-8 text")
        return
    if not text and layout.label_column is not None:
        lines.report(number, "the label is empty")
        return
    lines.labels.append(text)
    lines.rows.append(row)
    lines.numbers.append(number)


def _split_label(line: bytes, layout: Layout) -> tuple[bytes | str, bytes]:
    if layout.label_column is None:
        return b"", line
    if layout.label_column == 0:
        label, _, pixels = line.partition(layout.delimiter)
    else:
        pixels, _, label = line.rpartition(layout.delimiter)
    return label, pixels


def _parse_integers(pixels: bytes, layout: Layout) -> npt.NDArray[np.uint8] | None:
    """Parse whole numbers from 0 to 255 into (pixels,) uint8; None for any other line."""
    if pixels.count(layout.delimiter) != layout.pixels - 1:
        return None
    try:
        row = np.fromstring(pixels.decode("ascii"), np.int64, sep=layout.delimiter.decode("ascii"))
    except (ValueError, DeprecationWarning):
        return None
    if len(row) != layout.pixels or row.min() < 0 or row.max() > MAX_LEVEL:
        return None
    return row.astype(np.uint8)


def _parse_cells(number: int, line: bytes, layout: Layout, lines: Lines) -> Row | None:
    """Parse a line cell by cell; None, with an entry in ``lines.bad``, if it is invalid."""
    cells = _cells(line, layout.delimiter)
    if len(cells) != layout.columns:
        lines.report(number, f"{len(cells):,} cells, but the first line has {layout.columns:,}")
        return None
    columns = [column for column in range(len(cells)) if column != layout.label_column]
    try:
        row = np.array([float(cells[column]) for column in columns])
    except ValueError:
        row = np.full(len(columns), np.nan)
    if (row >= 0).all() and (row <= MAX_LEVEL).all() and "_" not in "".join(cells[column] for column in columns):
        return row.astype(np.uint8) if (row == np.floor(row)).all() else row.astype(np.float32)
    for column in columns:
        if what := _describe_bad_cell(cells[column].strip()):
            lines.report(number, f"{what} in column {column + 1:,} is not a number from 0 to 255")
            break
    return None


def _describe_bad_cell(cell: str) -> str:
    if not cell:
        return "an empty cell"
    if not _is_number(cell):
        return repr(shorten(cell))
    return "" if 0 <= float(cell) <= MAX_LEVEL else shorten(cell)


def _cells(line: bytes, delimiter: bytes) -> list[str]:
    text = line.decode("utf-8", "backslashreplace")
    if '"' not in text:
        return text.split(delimiter.decode("ascii"))
    try:
        return next(csv.reader([text], delimiter=delimiter.decode("ascii")))
    except (csv.Error, StopIteration):
        return text.split(delimiter.decode("ascii"))


def _is_number(cell: str) -> bool:
    try:
        return "_" not in cell and np.isfinite(float(cell))
    except ValueError:
        return False
