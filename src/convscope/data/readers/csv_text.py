"""Lines and cells of a text table, whatever they hold."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ...errors import DatasetError

BLANK = b" "
"""As a delimiter, one or more blanks."""
DELIMITERS = (b"\t", b";", b",")
MAX_LINE = 2**24
"""Longest line, in bytes: enough for an RGB image of 1,000 × 1,000."""


def each_line(file: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number, from 1, and the content of each line that is not empty.

    A file that is not UTF-8 text, or a line that is too long, is a DatasetError.
    """
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
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{str(path)!r} is not UTF-8 text, as line {number:,} shows; it may be Latin-1. Save it as UTF-8."
            ) from error
        line = line.strip(b"\r\n ")
        if number == 1 and line.startswith(b"# "):  # as NumPy marks a header
            line = line[2:] if max(map(line.count, DELIMITERS)) else b""
        if line:
            yield number, line


def split_cells(line: bytes, delimiter: bytes) -> list[str]:
    """Return the cells of a line, without the quotes around them."""
    text = line.decode("utf-8", "backslashreplace")
    if delimiter == BLANK:
        text = " ".join(text.split())
    if '"' not in text:
        return text.split(delimiter.decode("ascii"))
    try:
        return next(csv.reader([text], delimiter=delimiter.decode("ascii")))
    except (csv.Error, StopIteration):
        return text.split(delimiter.decode("ascii"))


def is_number(cell: str) -> bool:
    """Return whether a cell holds a finite number."""
    try:
        return "_" not in cell and bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def shorten(text: bytes | str, most: int = 40) -> str:
    """Return the beginning of a text, for messages."""
    decoded = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    return decoded if len(decoded) <= most else f"{decoded[:most]}…"
