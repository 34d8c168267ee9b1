"""``label_suspects.csv``: the possible label errors of an audit, and the same list after a person has confirmed some."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..analysis.label_audit.confirmed import AccuracyWithoutConfirmed
from ..analysis.label_audit.suspects import SPLITS, LabelAudit, from_rows
from ..errors import DatasetError
from ..system.dataclass_json import from_json
from ..types import Labels
from .files import LABEL_SUSPECTS
from .record import RunRecord

COLUMNS = ("split", "index", "given", "suggested", "score")
KEY = "label_audit"
"""In ``metrics.json``."""

FORMULA_PREFIXES = "=+-@\t\r\n＝＋－＠'"
"""A spreadsheet may execute a cell that begins with one of these; the last one marks a cell as text."""

MAX_COMPLAINTS = 5


@dataclass(frozen=True, eq=False)
class Confirmed:
    """Indices of the rows that a person kept."""

    train: Labels
    test: Labels


def to_csv(audit: LabelAudit) -> str:
    """Return the suspects as CSV, the highest score first, with class names escaped so that none is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for split, index, given, suggested, score in audit.rows():
        writer.writerow((split, index, escape_formula(given), escape_formula(suggested), f"{score:.6f}"))
    return text.getvalue()


def read_rows(path: Path) -> list[tuple[str, int, str, str, float]]:
    """Read what :func:`to_csv` wrote. Raises :class:`DatasetError` for any other file."""
    try:
        rows = [row for _, row in _rows(path)]
        names = [(unescape_formula(row["given"]), unescape_formula(row["suggested"])) for row in rows]
        return [(row["split"], int(row["index"]), *both, float(row["score"])) for row, both in zip(rows, names, strict=True)]
    except (KeyError, ValueError) as error:
        raise DatasetError(
            f"{str(path)!r} is not a list of suspects that convscope wrote ({error!r}). Run convscope audit again."
        ) from error


def load_audit(record: RunRecord, folder: Path) -> LabelAudit | None:
    """Return the label audit of a run with its confirmed suspects; None if there is none that can be read."""
    numbers = record.metrics.get(KEY)
    if numbers is None or not (folder / LABEL_SUSPECTS).is_file():
        return None
    try:
        audit = from_rows(read_rows(folder / LABEL_SUSPECTS), numbers, record.evaluation.class_names)
        confirmed = numbers.get("confirmed")
        return audit if confirmed is None else replace(audit, confirmed=from_json(AccuracyWithoutConfirmed, confirmed))
    except (AttributeError, DatasetError, KeyError, ValueError, TypeError):  # written by another version
        return None


def escape_formula(name: str) -> str:
    """Return ``name``, after an apostrophe if a spreadsheet could execute it."""
    return f"'{name}" if name[:1] and name[0] in FORMULA_PREFIXES else name


def unescape_formula(cell: str) -> str:
    """Return the name that :func:`escape_formula` escaped; a spreadsheet may have removed the apostrophe already."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in FORMULA_PREFIXES else cell


def read_confirmed(path: Path, class_names: Sequence[str], *, num_train: int, test_labels: Labels) -> Confirmed:
    """Read a list of suspects after a person deleted the rows with correct labels; name the rows of other runs."""
    indices: dict[str, set[int]] = {split: set() for split in SPLITS}
    complaints = []
    for number, row in _rows(path):
        if reason := _add_index(row, indices, class_names, num_train, test_labels):
            complaints.append(f"line {number}: {reason}")
    if complaints:
        more = [f"and {len(complaints) - MAX_COMPLAINTS} more"] if len(complaints) > MAX_COMPLAINTS else []
        raise DatasetError(
            f"{str(path)!r} does not fit this run ({'; '.join(complaints[:MAX_COMPLAINTS] + more)}). "
            f"Start from the run's own {LABEL_SUSPECTS}; delete rows, but change none."
        )
    return Confirmed(*(np.array(sorted(indices[split]), np.int64) for split in SPLITS))


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise DatasetError(
            f"{str(path)!r} cannot be read ({reason}). Pass a list of suspects that convscope audit wrote."
        ) from error
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    if not {"split", "index", "given"} <= set(reader.fieldnames or ()):
        raise DatasetError(
            f"{str(path)!r} lacks the columns split, index and given. Pass a list of suspects that convscope audit wrote, "
            "including its first line."
        )
    return [(reader.line_num, {key: value or "" for key, value in row.items() if key}) for row in reader]


def _add_index(
    row: dict[str, str], indices: dict[str, set[int]], class_names: Sequence[str], num_train: int, test_labels: Labels
) -> str:
    """Add the index of ``row`` to ``indices``, or return why it does not belong to the run."""
    split, given = row["split"].strip(), unescape_formula(row["given"])
    if split not in indices:
        return f"split {split!r} is neither train nor test"
    number = num_train if split == "train" else len(test_labels)
    if not row["index"].strip().isascii() or not row["index"].strip().isdigit() or int(row["index"]) >= number:
        return f"index {row['index']!r} is not one of the {number:,} {split} images"
    if given not in class_names:
        return f"{given!r} is not a class"
    if split == "test" and class_names[int(test_labels[int(row["index"])])] != given:
        return f"test image {row['index']} is not labelled {given!r}"
    indices[split].add(int(row["index"]))
    return ""
