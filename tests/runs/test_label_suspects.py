"""The list of suspects survives a spreadsheet, and does nothing in one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.analysis.label_audit.suspects import LabelAudit, find_suspects
from convscope.errors import DatasetError
from convscope.runs.label_suspects import (
    COLUMNS,
    REVIEW_COLUMNS,
    Review,
    escape_formula,
    load_reviews,
    merge_reviews,
    read_reviews,
    to_csv,
    unescape_formula,
)

NAMES = ("=HYPERLINK(1)", "+1", "-", "@SUM", "\tx", "'=y", "'", "a,b", 'say "no"', "two\nlines", "=", "plain")


@pytest.fixture(scope="module")
def audit() -> LabelAudit:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(NAMES), 60)
    return find_suspects({"train": (labels, generator.dirichlet(np.ones(len(NAMES)), 60))}, NAMES)


def read(
    path: Path, labels: list[int], names: tuple[str, ...] = ("a", "b"), num_train: int = 10
) -> tuple[list[int], list[int]]:
    kept = read_reviews(path, names, num_train=num_train, test_labels=np.array(labels))
    return tuple(sorted(index for split, index in kept if split == wanted) for wanted in ("train", "test"))  # type: ignore[return-value]


def read_rows(path: Path) -> list[tuple[str, int, str, str, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        cells = [[unescape_formula(cell) for cell in row] for row in csv.reader(file)]
    return [(row[0], int(row[1]), row[2], row[3], float(row[4])) for row in cells[1:] if row[4]]


def test_the_columns_are_these_and_the_most_suspect_come_first(audit: LabelAudit) -> None:
    first, *rows = csv.reader(to_csv(audit).splitlines(keepends=True))
    assert tuple(first) == COLUMNS == ("split", "index", "given", "suggested", "score", "file")
    scores = [float(row[4]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert len(rows) == len(audit) > 20


def test_no_cell_begins_like_a_formula(audit: LabelAudit) -> None:
    cells = [cell for row in csv.reader(to_csv(audit).splitlines(keepends=True)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert any(cell.startswith("'=") for cell in cells)


def test_what_was_written_comes_back(audit: LabelAudit, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(to_csv(audit), "utf-8", newline="")
    for written, known in zip(read_rows(path), audit.rows(), strict=True):
        assert written[:4] == known[:4]
        assert written[4] == pytest.approx(known[4], abs=1e-6)


@given(st.text(max_size=12))
def test_any_name_comes_back_from_its_cell(name: str) -> None:
    assert unescape_formula(escape_formula(name)) == name


def test_rows_that_were_kept_are_read_by_their_places(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("split,index,given,suggested,score\ntest,1,b,a,0.9\ntrain,7,a,b,0.8\ntest,0,a,b,0.7\ntest,1,b,a,0.9\n")
    assert read(path, [0, 1]) == ([7], [0, 1])


def test_a_list_that_went_through_a_spreadsheet_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_bytes("\ufeffsplit;index;given;suggested;score\r\ntest;1;b;a;0,9\r\n".encode())
    assert read(path, [0, 1]) == ([], [1])


def test_rows_of_another_run_are_named(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("split,index,given\ntest,2,a\nvalid,0,a\ntest,0,b\ntrain,x,a\ntrain,3,c\ntrain,-1,a\n")
    with pytest.raises(DatasetError) as told:
        read(path, [0, 1])
    for reason in (
        "line 2: index '2' is not one of the 2 test images",
        "line 3: split 'valid' is neither train nor test",
        "line 4: test image 0 is not labelled 'b'",
        "line 5: index 'x' is not one of the 10 train images",
        "line 6: 'c' is not a class",
        "line 7: index '-1' is not one of the 10 train images",
    ):
        assert reason in str(told.value)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", b"\xff\xfe\x00\x01"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="list of suspects"):
        read(path, [0, 1])
    with pytest.raises(DatasetError, match="cannot be read"):
        read(tmp_path / "nothing.csv", [0, 1])


REVIEWED = """split,index,given,suggested,score,confirmed,corrected,note
test,1,b,a,0.9,yes,a,"an ""a"", I say"
train,7,a,b,,no,,
test,0,a,b,0.8,,,
"""


def test_a_review_gives_the_corrected_class_and_the_note_of_each_row(tmp_path: Path) -> None:
    path = tmp_path / "reviewed.csv"
    path.write_text(REVIEWED)
    assert read_reviews(path, ("a", "b"), num_train=10, test_labels=np.array([0, 1])) == {
        ("test", 1): Review("b", "a", 'an "a", I say', True),
        ("train", 7): Review("a", "b", "", False),
        ("test", 0): Review("a", "b", "", True),
    }


def test_every_row_of_a_review_that_does_not_fit_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "reviewed.csv"
    rows = (
        "test,1,b,c,",
        "test,1,b,b,",
        "test,1,b,a,",
        "test,1,b,d,",
        "test,0,a,,maybe",
        "train,2,,a,",
        *["none,0,a,b,"] * 60,
    )
    path.write_text("\n".join(("split,index,given,corrected,confirmed", *rows)))
    with pytest.raises(DatasetError) as told:
        read_reviews(path, ("a", "b", "d"), num_train=10, test_labels=np.array([0, 1]))
    for reason in (
        "line 2: 'c' is not a class",
        "line 3: the corrected class 'b' is the given one",
        "line 5: test image 1 was corrected to 'a' above",
        "line 6: confirmed 'maybe' is neither yes nor no",
        "line 7: train image 2 is not labelled ''",
        "line 8: split 'none' is neither train nor test",
        "and 15 more",
    ):
        assert reason in str(told.value)


def test_reviews_are_in_the_list_of_the_run_beside_suspects_that_stay_as_they_were(
    audit: LabelAudit, tmp_path: Path
) -> None:
    _, index, given, suggested, _ = audit.rows(1)[0]
    unlisted = next(each for each in range(60) if each not in audit.index)
    reviews = {
        ("train", index): Review(given, suggested, "=1+1", True),
        ("train", unlisted): Review("plain", "+1", "two\nlines", True),
        ("test", 3): Review("plain", "", "", False),
    }
    path = tmp_path / "label_suspects.csv"
    path.write_text(to_csv(audit, reviews), "utf-8", newline="")
    assert load_reviews(tmp_path) == reviews
    assert [row[:4] for row in read_rows(path)] == [row[:4] for row in audit.rows()]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS + REVIEW_COLUMNS
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")]


def test_a_run_without_a_list_has_no_reviews(audit: LabelAudit, tmp_path: Path) -> None:
    assert load_reviews(tmp_path) == {}
    (tmp_path / "label_suspects.csv").write_text(to_csv(audit), "utf-8", newline="")
    assert load_reviews(tmp_path) == {}


def test_a_later_review_takes_precedence_and_no_note_is_lost() -> None:
    earlier = {("test", 1): Review("b", "a", "mine", True), ("test", 2): Review("b", "a", "kept", True)}
    later = {("test", 1): Review("b", "c", "new", True), ("train", 2): Review("a", "b", "", True)}
    merged = {
        ("test", 1): Review("b", "c", "mine; new", True),
        ("test", 2): Review("b", "a", "kept", True),
        ("train", 2): Review("a", "b", "", True),
    }
    assert merge_reviews(earlier, later) == merged
    assert merge_reviews(merged, later) == merged
    assert merge_reviews(earlier, {("test", 1): Review("b", "b", "", False)})["test", 1].note == "mine"
