"""`docs/notebook.md` names the place in convscope and the test for each of the notebook's 42 rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convscope.api.run import Run

ROOT = Path(__file__).parents[1]
ROWS = [
    line.split(" | ") for line in (ROOT / "docs" / "notebook.md").read_text("utf-8").splitlines() if re.match(r"\| \d", line)
]


def test_all_42_rows_are_there() -> None:
    assert [int(row[0].strip("| ")) for row in ROWS] == list(range(1, 43))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("| "))
def test_the_tests_of_every_row_exist(row: list[str]) -> None:
    tested_by = re.findall(r"`([^`]+)`", row[3])
    assert tested_by
    assert all((ROOT / name).is_file() for name in tested_by)


def test_every_file_that_a_row_names_exists(digits_run: Run) -> None:
    names = {name for row in ROWS for name in re.findall(r"`((?:src|examples|docs|figures)/[^`]+)`", row[2])}
    assert len(names) > 10
    for name in names:
        folder = digits_run.folder if name.startswith("figures/") else ROOT
        assert (folder / name).is_file(), name
