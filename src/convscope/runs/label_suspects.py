"""``label_suspects.csv``: the possible label errors of an audit, and the same list after a person has confirmed some."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..analysis.label_audit.confirmed import AccuracyWithoutConfirmed
from ..analysis.label_audit.suspects import SPLITS, LabelAudit, from_rows
from ..errors import ConvscopeError, DatasetError, reason_of
from ..system.dataclass_json import from_json
from ..system.regular_files import read_user_text
from ..system.table import csv_text
from ..types import Labels
from . import opening
from .files import LABEL_SUSPECTS
from .record import RunRecord

COLUMNS = ("split", "index", "given", "suggested", "score", "file")
REVIEW_COLUMNS = ("confirmed", "corrected", "note")
"""Columns of a list after a review: ``yes`` or ``no``, the right class, and a remark. The page saves the same columns."""
KEY = "label_audit"
"""In ``metrics.json``."""
FORMULA_PREFIXES = "=+-@\t\r\n＝＋－＠'"
"""A spreadsheet may execute a cell that begins with one of these; the last one marks a cell as text."""
MAX_COMPLAINTS = 50


@dataclass(frozen=True)
class Review:
    """What a person says about a label."""

    given: str
    corrected: str
    """The right class, or "" if unknown."""
    note: str
    is_wrong: bool | None
    """None for a note on an image whose label is not judged yet."""
    file: str = ""
    """The file or row of the image, if the list says so."""


Reviews = Mapping[tuple[str, int], Review]
"""By split and index."""


def to_csv(audit: LabelAudit, reviews: Reviews | None = None) -> str:
    """Return the suspects as CSV, the highest score first, then reviewed images that are none; no cell is a formula."""
    others = dict(reviews or {})
    table: list[tuple[object, ...]] = [COLUMNS + REVIEW_COLUMNS if reviews else COLUMNS]
    files = audit.files or [""] * len(audit)
    for (split, index, given, suggested, score), file in zip(audit.rows(), files, strict=True):
        cells = _review_cells(others.pop((split, index), None)) if reviews else ()
        known = (split, index, escape_formula(given), escape_formula(suggested), f"{score:.6f}", escape_formula(file))
        table.append((*known, *cells))
    for (split, index), review in others.items():
        table.append(
            (split, index, escape_formula(review.given), "", "", escape_formula(review.file), *_review_cells(review))
        )
    return csv_text(table)


def _review_cells(review: Review | None) -> tuple[str, ...]:
    if review is None:
        return ("",) * len(REVIEW_COLUMNS)
    confirmed = {True: "yes", False: "no", None: ""}[review.is_wrong]
    return confirmed, escape_formula(review.corrected), escape_formula(review.note)


def _parsed(suspects: Sequence[dict[str, str]]) -> list[tuple[str, int, str, str, float]]:
    names = [(unescape_formula(row["given"]), unescape_formula(row["suggested"])) for row in suspects]
    return [(row["split"], int(row["index"]), *both, float(row["score"])) for row, both in zip(suspects, names, strict=True)]


def _suspect_rows(rows: Sequence[tuple[int, dict[str, str]]]) -> list[dict[str, str]]:
    return [row for _, row in rows if row["score"] or not _is_reviewed(row)]


def _is_reviewed(row: dict[str, str]) -> bool:
    return bool(row.get("confirmed") or row.get("note"))


def load_audit(record: RunRecord, folder: Path) -> LabelAudit | None:
    """Return the label audit of a run with its confirmed suspects; None if there is none that can be read."""
    numbers = record.metrics.get(KEY)
    if numbers is None or not opening.is_held(folder / LABEL_SUSPECTS):
        return None
    try:
        path = folder / LABEL_SUSPECTS
        rows = _rows(path)
        _refuse_unfitting(path, rows, record)
        suspects = _suspect_rows(rows)
        files = tuple(unescape_formula(row.get("file", "")) for row in suspects)
        audit = from_rows(_parsed(suspects), numbers, record.evaluation.class_names)
        audit = replace(audit, files=files if any(files) else ())
        confirmed = numbers.get("confirmed")
        return audit if confirmed is None else replace(audit, confirmed=from_json(AccuracyWithoutConfirmed, confirmed))
    except (AttributeError, ConvscopeError, KeyError, ValueError, TypeError):  # written by another version
        return None


def escape_formula(name: str) -> str:
    """Return ``name``, after an apostrophe if a spreadsheet could execute it."""
    return f"'{name}" if name[:1] and name[0] in FORMULA_PREFIXES else name


def unescape_formula(cell: str) -> str:
    """Return the name that :func:`escape_formula` escaped; a spreadsheet may have removed the apostrophe already."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in FORMULA_PREFIXES else cell


def read_reviews(path: Path, class_names: Sequence[str], *, num_train: int, test_labels: Labels) -> Reviews:
    """Read a list whose rows a person kept because the label is wrong; name the rows that do not belong to the run.

    A row with ``no`` under ``confirmed`` says that the label is right.
    """
    reviews: dict[tuple[str, int], Review] = {}
    complaints = []
    for number, row in _rows(path, of_run=False):
        reason = _complaint(row, class_names, num_train, test_labels)
        if not reason:
            (split, index), review = _key(row), _review(row)
            first = reviews.setdefault((split, index), review)
            if first.corrected != review.corrected:
                reason = f"{split} image {index} was corrected to {first.corrected!r} above"
        if reason:
            complaints.append(f"line {number}: {reason[:200]}")
    _refuse(path, complaints)
    return reviews


def _refuse(path: Path, complaints: list[str]) -> None:
    if complaints:
        more = [f"and {len(complaints) - MAX_COMPLAINTS} more"] if len(complaints) > MAX_COMPLAINTS else []
        raise DatasetError(
            f"{str(path)!r} does not fit this run ({'; '.join(complaints[:MAX_COMPLAINTS] + more)}). "
            f"Start from the run's own {LABEL_SUSPECTS}, or from what its page saved."
        )


def _refuse_unfitting(path: Path, rows: Iterable[tuple[int, dict[str, str]]], record: RunRecord) -> None:
    labels, names, num_train = record.evaluation.labels, record.evaluation.class_names, num_training_images(record)
    reasons = ((number, _complaint(row, names, num_train, labels)) for number, row in rows)
    _refuse(path, [f"line {number}: {reason[:200]}" for number, reason in reasons if reason])


def num_training_images(record: RunRecord) -> int:
    """Return how many images the training split of a run has, with those held out for validation."""
    data = record.metrics["data"]
    return int(data["train"]) + (int(data["validation"]) if record.request["config"]["validation"] == "held-out" else 0)


def load_reviews(folder: Path, record: RunRecord | None = None) -> Reviews:
    """Return the reviews and notes in the list of a run; with ``record``, after a look whether they fit it."""
    path = folder / LABEL_SUSPECTS
    rows = [each for each in _rows(path) if _is_reviewed(each[1])] if opening.is_held(path) else []
    if record is not None:
        _refuse_unfitting(path, rows, record)
    reviews = {_key(row): _review(row) for _, row in rows}
    without_answer = {_key(row) for _, row in rows if not row.get("confirmed")}
    return {key: replace(each, is_wrong=None) if key in without_answer else each for key, each in reviews.items()}


def merge_reviews(earlier: Reviews, later: Reviews) -> Reviews:
    """Return both; of two for an image the later one, with the notes of both."""
    merged = dict(earlier)
    for key, review in later.items():
        note = earlier[key].note if key in earlier else ""
        both = note if review.note in note else f"{note}; {review.note}" if note else review.note
        merged[key] = replace(review, note=both)
    return merged


def _rows(path: Path, *, of_run: bool = True) -> Sequence[tuple[int, dict[str, str]]]:
    try:
        text = opening.read_bytes(path).decode("utf-8-sig") if of_run else read_user_text(path)
        first = text.split("\n", 1)[0]
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
        rows = [(reader.line_num, {key: value or "" for key, value in row.items() if key}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else reason_of(error)
        raise DatasetError(
            f"{str(path)!r} cannot be read ({reason}). Pass a list of suspects that convscope audit wrote."
        ) from error
    if not {"split", "index", "given"} <= set(reader.fieldnames or ()):
        raise DatasetError(
            f"{str(path)!r} lacks the columns split, index and given. Pass a list of suspects that convscope audit wrote, "
            "including its first line."
        )
    return rows


def _key(row: dict[str, str]) -> tuple[str, int]:
    return row["split"].strip(), int(row["index"])


def _review(row: dict[str, str]) -> Review:
    corrected = unescape_formula(row.get("corrected") or row.get("suggested", ""))
    return Review(
        unescape_formula(row["given"]), corrected, unescape_formula(row.get("note", "")), row.get("confirmed") != "no",
        unescape_formula(row.get("file", "")),
    )  # fmt: skip


def _complaint(row: dict[str, str], class_names: Sequence[str], num_train: int, test_labels: Labels) -> str:
    split, index = row["split"].strip(), row["index"].strip()
    if split not in SPLITS:
        return f"split {split!r} is neither train nor test"
    number = num_train if split == "train" else len(test_labels)
    if not (index.isascii() and index.isdigit()) or len(index) > 15 or int(index) >= number:
        return f"index {row['index']!r} is not one of the {number:,} {split} images"
    review = _review(row)
    for name in filter(None, (review.given, review.corrected)):
        if name not in class_names:
            return f"{name!r} is not a class"
    if not review.given or (split == "test" and class_names[int(test_labels[int(index)])] != review.given):
        return f"{split} image {index} is not labelled {review.given!r}"
    if review.is_wrong and review.corrected == review.given:
        return f"the corrected class {review.corrected!r} is the given one"
    if row.get("confirmed", "") not in ("", "yes", "no"):
        return f"confirmed {row['confirmed']!r} is neither yes nor no"
    return ""
