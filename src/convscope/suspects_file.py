"""``label_suspects.csv``: the list of suspects for people and their spreadsheets, and the same list with what they kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .analysis.confirmed_suspects import confirmed_from_dict
from .analysis.label_audit import SPLITS, LabelAudit, from_rows
from .analysis.record import RunRecord
from .errors import DatasetError
from .run_files import LABEL_SUSPECTS
from .types import Labels

COLUMNS = ("split", "index", "given", "suggested", "score")
KEY = "label_audit"
"""In ``metrics.json``."""
STARTS_A_FORMULA = "=+-@\t\r\n＝＋－＠'"
"""A cell that begins with one of these may be run by a spreadsheet; the last one is what marks a cell as text."""
MOST_COMPLAINTS = 5


@dataclass(frozen=True, eq=False)
class Confirmed:
    """Places of the rows that a person kept."""

    train: Labels
    test: Labels


def to_csv(audit: LabelAudit) -> str:
    """The list, the most suspect first, with names of classes that no spreadsheet takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for split, index, given, suggested, score in audit.rows():
        writer.writerow((split, index, as_cell(given), as_cell(suggested), f"{score:.6f}"))
    return text.getvalue()


def read_rows(path: Path) -> list[tuple[str, int, str, str, float]]:
    """The inverse of :func:`to_csv`. Raises :class:`DatasetError` for anything else."""
    try:
        return [
            (row["split"], int(row["index"]), from_cell(row["given"]), from_cell(row["suggested"]), float(row["score"]))
            for _, row in _rows(path)
        ]
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{str(path)!r} is no list of suspects that convscope wrote ({error!r}). Audit again.") from error


def load_audit(record: RunRecord, folder: Path) -> LabelAudit | None:
    """The audit that the run in ``folder`` has, with what a person has confirmed; ``None`` where it has none that this version can
    read."""
    numbers = record.metrics.get(KEY)
    if numbers is None or not (folder / LABEL_SUSPECTS).is_file():
        return None
    try:
        audit = from_rows(read_rows(folder / LABEL_SUSPECTS), numbers, record.evaluation.class_names)
        confirmed = numbers.get("confirmed")
        return audit if confirmed is None else replace(audit, confirmed=confirmed_from_dict(confirmed))
    except (AttributeError, DatasetError, KeyError, ValueError, TypeError):  # of another version
        return None


def as_cell(name: str) -> str:
    """``name``, behind an apostrophe where it could be taken for a formula."""
    return f"'{name}" if name[:1] and name[0] in STARTS_A_FORMULA else name


def from_cell(cell: str) -> str:
    """The inverse of :func:`as_cell`; a name that a spreadsheet has written back without the apostrophe stays as it is."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in STARTS_A_FORMULA else cell


def read_confirmed(path: Path, class_names: Sequence[str], *, num_train: int, test_labels: Labels) -> Confirmed:
    """The rows of ``path``, a list of suspects of which those were kept whose label is wrong.

    Columns beyond ``split``, ``index`` and ``given`` are not looked at. Raises :class:`DatasetError` that names the rows which
    are not of this run.
    """
    places: dict[str, set[int]] = {split: set() for split in SPLITS}
    complaints = []
    for number, row in _rows(path):
        reason = _place(row, places, class_names, num_train, test_labels)
        if reason:
            complaints.append(f"line {number}: {reason}")
    if complaints:
        more = f"; and {len(complaints) - MOST_COMPLAINTS} more" if len(complaints) > MOST_COMPLAINTS else ""
        raise DatasetError(
            f"{str(path)!r} does not fit this run ({'; '.join(complaints[:MOST_COMPLAINTS])}{more}); rows of its own "
            f"{LABEL_SUSPECTS} were expected. Leave out rows, but change none."
        )
    return Confirmed(*(np.array(sorted(places[split]), np.int64) for split in SPLITS))


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise DatasetError(
            f"{str(path)!r} cannot be read ({reason}); a list of suspects as convscope audit writes it was expected."
        ) from error
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    if not {"split", "index", "given"} <= set(reader.fieldnames or ()):
        raise DatasetError(
            f"{str(path)!r} has no columns split, index and given; a list of suspects as convscope audit writes it was "
            "expected, its first line included."
        )
    return [(reader.line_num, {key: value or "" for key, value in row.items() if key}) for row in reader]


def _place(
    row: dict[str, str], places: dict[str, set[int]], class_names: Sequence[str], num_train: int, test_labels: Labels
) -> str:
    """Put the place of ``row`` to the others, or say why that cannot be."""
    split, given = row["split"].strip(), from_cell(row["given"])
    if split not in places:
        return f"split {split!r} is neither train nor test"
    number = num_train if split == "train" else len(test_labels)
    if not row["index"].strip().isascii() or not row["index"].strip().isdigit() or int(row["index"]) >= number:
        return f"index {row['index']!r} is not one of the {number:,} {split} images"
    if given not in class_names:
        return f"{given!r} is no class"
    if split == "test" and class_names[int(test_labels[int(row["index"])])] != given:
        return f"test image {row['index']} is not given as {given!r}"
    places[split].add(int(row["index"]))
    return ""
