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
from convscope.runs.label_suspects import COLUMNS, escape_formula, read_confirmed, read_rows, to_csv, unescape_formula

NAMES = ("=HYPERLINK(1)", "+1", "-", "@SUM", "\tx", "'=y", "'", "a,b", 'say "no"', "two\nlines", "=", "plain")


@pytest.fixture(scope="module")
def audit() -> LabelAudit:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(NAMES), 60)
    return find_suspects({"train": (labels, generator.dirichlet(np.ones(len(NAMES)), 60))}, NAMES)


def read(
    path: Path, labels: list[int], names: tuple[str, ...] = ("a", "b"), num_train: int = 10
) -> tuple[list[int], list[int]]:
    kept = read_confirmed(path, names, num_train=num_train, test_labels=np.array(labels))
    return kept.train.tolist(), kept.test.tolist()


def test_the_columns_are_these_and_the_most_suspect_come_first(audit: LabelAudit) -> None:
    first, *rows = csv.reader(to_csv(audit).splitlines(keepends=True))
    assert tuple(first) == COLUMNS == ("split", "index", "given", "suggested", "score")
    scores = [float(row[-1]) for row in rows]
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
        "and 1 more",
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
