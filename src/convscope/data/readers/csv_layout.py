"""Layout of a text table of images, by its first lines: separators, header, and which columns hold pixels.

Pixels are adjacent columns whose number makes a square image. With a header, the other columns are those whose names differ from
the pixels' in more than digits, wherever they stand, and pixels with complete numbers are read in their order. The pixels may
also be in one cell, separated by blanks, as in FER2013.
"""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import IO

from ...errors import DatasetError
from ...formatting import count_of
from ..images.formats import SUFFIXES, other_format
from .pixel_values import square_side

FIRST_LINES = 6
"""Lines from which the layout is derived, since one of them may be invalid."""
MANY_BLANKS = 3
"""If a line has so many times more blanks than other delimiters, blanks separate its pixels."""
LABEL_COLUMNS = frozenset({"label", "labels", "class", "category", "target", "y", "digit", "letter", "character", "emotion"})
ID_COLUMNS = frozenset(
    {"", "unnamed: 0", "id", "ids", "imageid", "image_id", "index", "idx", "row", "row_id", "rowid", "uuid"}
    | {"file", "filename", "file_name"}
)
"""Names, in lower case, of columns that number or name the images."""
MIN_ALIKE = 3
"""Columns whose names differ in digits alone; fewer are no pixels."""
NUMBER = re.compile(r"\d{1,9}")
COLUMN_FIRST, ROW_FIRST = re.compile(r"x.*#.*y|c.*#.*r"), re.compile(r"#x#|y.*#.*x|r.*#.*c")
"""Names of pixels, with # for numbers, such as ``x1y2`` and ``col1_row2``; ``1x2`` as in tables of MNIST, and ``r1c2``."""
MIN_COUNTED = 16
"""Cells that count up from 0 are a header, not pixels, if there are so many; fewer numbers are no image in a file of any name."""


@dataclass(frozen=True)
class Layout:
    """Where a table has its pixels."""

    delimiter: bytes
    separator: bytes
    """What separates the pixels: the delimiter, or a blank if one cell holds all of them."""
    header: tuple[str, ...]
    """The cells of the header, or none if there is none."""
    columns: int
    leading: int
    trailing: int
    """Numbers of columns before and after the pixels."""
    order: tuple[int, ...] = ()
    """The column of the file at each place, if ``header``, ``leading`` and ``trailing`` have them in another order."""

    @property
    def pixels(self) -> int:
        """The number of values of an image."""
        return self.columns - self.leading - self.trailing

    @property
    def extras(self) -> tuple[int, ...]:
        """The columns that hold no pixels."""
        return *range(self.leading), *range(self.columns - self.trailing, self.columns)

    @property
    def is_sorted(self) -> bool:
        """Whether the pixels are in another order in the file."""
        return any(before > after for before, after in pairwise(self.order[self.leading : self.columns - self.trailing]))

    def place(self, column: int) -> int:
        """Return the place of a column in the file."""
        return self.order[column] if self.order else column

    def title(self, column: int) -> str | None:
        """Return the header of one of the ``extras``; None if there is none, or only a number, or one as pixels have."""
        if not self.header:
            return None
        cell = self.header[column if column < self.leading else column - self.columns].strip()
        one, other = _kinds((cell, self.header[self.leading]))
        like_a_pixel = cell.lower() not in LABEL_COLUMNS | ID_COLUMNS and one == other
        return None if is_number(cell) or like_a_pixel else cell

    def describe(self, column: int) -> str:
        """Return the name or the place of one of the ``extras``, for messages."""
        if title := self.title(column):
            return f"the column {title!r}"
        place = self.place(column)
        return {0: "the first column", self.columns - 1: "the last column"}.get(place, f"column {place + 1}")


def find_layout(path: Path, pixels: int | None = None, *, labelled: bool = True) -> Layout:
    """Return the layout of a table; DatasetError if it does not begin like one of images, and of labels if it is ``labelled``.

    ``pixels`` is the number of pixels of the training table, for one that belongs to it.
    """
    lines = _first_lines(path)
    delimiter, separator = _separators(lines)
    first, *others = (split_cells(with_decimal_points(line, delimiter), delimiter) for line in lines)
    if len(first) > MAX_COLUMNS:
        raise DatasetError(
            f"{str(path)!r} has {len(first):,} columns, more than an image of 1,024 × 1,024. Save one image per line."
        )
    data = next((cells for cells in others if len(cells) == len(first)), first)
    if separator != delimiter:
        place = max(range(len(data)), key=lambda index: data[index].count(" "))
        header = first if len(first) == len(data) and " " not in first[place].strip() else []
        columns = len(data) - 1 + len(data[place].split())
        return Layout(delimiter, separator, tuple(header), columns, place, len(data) - 1 - place)
    if len(first) < 3:
        if any(cell.strip().lower().endswith(tuple(SUFFIXES)) for cell in data):
            remedy = "Sort them into one folder per class, which gives their classes" if labelled else "Pass these files"
            raise DatasetError(f"{str(path)!r} lists image files, not pixels. {remedy}.")
        raise DatasetError(
            f"{str(path)!r} begins with {shorten(lines[0])!r}, {count_of(len(first), 'cell')}. Each line must hold "
            f"{'a label and ' * labelled}the pixels of an image, separated by commas."
        )
    header = first if _is_header(first) else []
    named = _are_pixels(header)
    leading, trailing, order = *_edges(header, named, data if header else first, pixels), list(range(len(first)))
    if apart := _between_pixels(named[0], pixels):
        leading, trailing, order = len(apart), 0, sorted(order, key=named[0].__getitem__)
    numbered = slice(leading, len(order) - trailing)
    order[numbered] = _by_number(header, order[numbered])
    changed = order if order != list(range(len(first))) else ()
    return Layout(
        delimiter,
        separator,
        tuple(header[column] for column in order if header),
        len(first),
        leading,
        trailing,
        tuple(changed),
    )


def looks_like_table(path: Path) -> bool:
    """Return whether a file of any name begins like a table of images."""
    try:
        lines, layout = _first_lines(path), find_layout(path)
    except (DatasetError, OSError):
        return False
    numbers = sum(map(is_number, re.split(r"[,;\s\"]+", lines[-1].decode("utf-8", "backslashreplace"))))
    return layout.pixels >= MIN_COUNTED and square_side(layout.pixels) is not None and numbers >= layout.pixels


def _first_lines(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        lines = [line for _, line in islice(each_line(file, path), FIRST_LINES)]
    if not lines:
        raise DatasetError(f"{str(path)!r} is empty. Copy or save it again.")
    return lines


def _separators(lines: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return what separates the cells, and what the pixels."""

    def usual(separator: bytes) -> int:
        return sorted(line.count(separator) for line in lines)[len(lines) // 2]

    # Where there are semicolons or tabs, commas are those of decimals.
    best = next((each for each in DELIMITERS if usual(each) > 1), None)
    if usual(BLANK) <= MANY_BLANKS * (usual(best) if best else 0):
        return best or b",", best or b","
    if best is None:  # two columns, or one under a header
        best = next((each for each in DELIMITERS if usual(each)), None if BLANK in lines[0] else b",")
    return best or BLANK, BLANK


def _is_header(cells: list[str]) -> bool:
    """Return whether the first line names the pixels, or numbers them as pandas does."""
    # A text in the first cell alone is no sign: labels may be texts.
    if not any(map(is_number, set(cells[1:-1]))):
        return True
    numbers = [cell.strip() for cell in cells if is_number(cell)]
    if len(numbers) < len(cells) - 3:
        return False
    runs = [[str(first + index) for index in range(len(numbers))] for first in (0, 1)]
    counted = numbers in runs or (len(numbers) >= MIN_COUNTED and set(numbers) in map(set, runs))
    # pandas writes a first line of zeros, read as a header, as 0, 0.1, 0.2 … 0.10.
    repeated = numbers[1:12] == [f"0.{index}" for index in range(1, 12)]
    return (counted or repeated) and (len(numbers) < len(cells) or len(numbers) >= MIN_COUNTED)


def _are_pixels(header: Sequence[str]) -> tuple[list[bool], bool]:
    """Return which columns hold pixels, by their names, and whether these are alike."""
    kinds = _kinds(header)
    counts = Counter(kinds)
    is_pixel = [counts[kind] >= MIN_ALIKE for kind in kinds]
    if 2 * sum(is_pixel) > len(kinds):
        return is_pixel, True
    return [name.strip().lower() not in LABEL_COLUMNS | ID_COLUMNS for name in header], False


def _kinds(names: Sequence[str], number: re.Pattern[str] = re.compile(r"[\d.]+")) -> list[str]:
    """Return names with # for numbers."""
    # All at once: a line may have millions of cells, and no cell holds a line end.
    return number.sub("#", "\n".join(name.strip().lower() for name in names)).split("\n") if names else []


def _fits(count: int, pixels: int | None) -> bool:
    return count == pixels or (pixels is None and square_side(count) is not None)


def _between_pixels(is_pixel: Sequence[bool], pixels: int | None) -> list[int]:
    """Return all columns that hold no pixels if some stand between pixels, and the pixels are as many as an image has."""
    others = [column for column, pixel in enumerate(is_pixel) if not pixel]
    adjacent = sum(before != after for before, after in pairwise([False, *is_pixel, False])) <= 2
    return others if not adjacent and _fits(len(is_pixel) - len(others), pixels) else []


def _by_number(header: Sequence[str], columns: list[int]) -> list[int]:
    """Return columns of pixels in the order of their numbers, or of their rows and columns, if none is missing."""
    names = [header[column].lower() for column in columns if header]
    kinds = set(_kinds(names, NUMBER))
    if len(kinds) != 1 or "#" not in min(kinds):
        return columns
    numbers = [tuple(map(int, NUMBER.findall(name))) for name in names]
    axes = list(zip(*numbers, strict=True))
    if len(set(numbers)) < len(numbers) or math.prod(max(axis) - min(axis) + 1 for axis in axes) != len(numbers):
        return columns
    by_column = [each[::-1] for each in numbers]
    if COLUMN_FIRST.search(kind := kinds.pop()):
        numbers = by_column
    elif by_column == sorted(by_column) and not ROW_FIRST.search(kind):
        return columns  # the names may be of column and row
    return [column for _, column in sorted(zip(numbers, columns, strict=True))]


def _edges(
    header: Sequence[str], pixel_columns: tuple[list[bool], bool], data: Sequence[str], pixels: int | None
) -> tuple[int, int]:
    """Return the numbers of columns before and after the pixels."""
    is_pixel, named = pixel_columns
    leading, trailing = (is_pixel.index(True), is_pixel[::-1].index(True)) if any(is_pixel) else (0, 0)
    columns = len(header) or len(data)
    left = columns - leading - trailing
    more: tuple[int, ...] = (1, 2, 3, 0)
    if named or leading + trailing:
        numbers = sum(count for cell, count in Counter(header).items() if is_number(cell))
        more = (0, 1, 2) if numbers >= MIN_ALIKE or not leading + trailing else (0,)
    fits = [extra for extra in more if left > extra and _fits(left - extra, pixels)]
    extra = fits[0] if fits else next((extra for extra in more if left > extra and square_side(left - extra)), more[0])
    cells = data if len(data) == columns else ["0"] * columns  # a line that is invalid, and reported later
    inner = cells[leading : columns - trailing]
    first = next((place for place in range(extra) if is_number(inner[place])), extra)
    last = next((place for place in range(extra - first) if is_number(inner[-1 - place])), extra - first)
    return leading + extra - last, trailing + last


BLANK = b" "
"""As a delimiter, one or more blanks."""
DELIMITERS = (b"\t", b";", b",")
MAX_LINE = 2**24
"""Longest line, in bytes: enough for an RGB image of 1,000 × 1,000."""
MAX_COLUMNS = 3 * 2**20 + MIN_COUNTED
MARK = b"\xef\xbb\xbf"
"""With which programs begin UTF-8 text, and each part of files that were joined."""
FOR_EXCEL = re.compile(rb'"?sep=(.?)"?\1*', re.IGNORECASE)
"""A first line that tells Excel the delimiter."""
DECIMAL_COMMA = re.compile(rb"(?<=\d),(?![^\d\t])")


def each_line(file: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number, from 1, and the content of each line that is not empty.

    A file that is not UTF-8 text, or a line that is too long, is a DatasetError.
    """
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if number == 1:
            if found := other_format(line):
                raise DatasetError(f"{str(path)!r} is {found[0]}, not a text table. {found[1]}.")
            if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line[:100]:
                raise DatasetError(f"{str(path)!r} is not UTF-8 text; it may be UTF-16. Save it as UTF-8.")
        while line.startswith(MARK):
            line = line.removeprefix(MARK)
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
        if b"\r" in line.rstrip(b"\r\n"):
            raise DatasetError(
                f"line {number:,} of {str(path)!r} holds carriage returns (CR), alone or between quotes. Save the table with LF or "
                "CR LF at the ends of its lines, and nowhere else."
            )
        if number == 1 and line.startswith(b"# "):  # as NumPy marks a header
            line = line[2:] if max(map(line.count, DELIMITERS)) else b""
        if number == 1 and FOR_EXCEL.fullmatch(line):
            line = b""
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


def with_decimal_points(line: bytes, delimiter: bytes) -> bytes:
    """Return a line with points for decimal commas, as a German Excel writes where commas separate nothing."""
    return line if delimiter in (b",", BLANK) else DECIMAL_COMMA.sub(b".", line)


def is_number(cell: str) -> bool:
    """Return whether a cell holds a finite number."""
    try:
        return "_" not in cell and math.isfinite(float(cell))
    except ValueError:
        return False


def shorten(text: bytes | str, most: int = 40) -> str:
    """Return the beginning of a text, for messages."""
    decoded = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    return decoded if len(decoded) <= most else f"{decoded[:most]}…"
