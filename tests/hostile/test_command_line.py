"""Arguments that name nothing, or something of another kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import answer_of  # type: ignore[import-not-found]

NOTHING = [
    "",
    " ",
    "\n",
    "no/such",
    "-",
    "..",
    "/dev/null",
    "\x1b[31mred",
    "\u202egnp.x",
    "~nobody/x",
    "x" * 300,
    "a/" * 3000,
]


@pytest.mark.parametrize("verb", ["report", "predict"])
@pytest.mark.parametrize("name", NOTHING)
def test_a_run_that_is_none_is_one_error(verb: str, name: str, tmp_path: Path) -> None:
    answer = answer_of(verb, name, *(["x.png"] if verb == "predict" else []), folder=tmp_path)
    assert answer.status in (1, 2)
    assert "\x1b" not in answer.error
    assert "\u202e" not in answer.error
    assert not list(tmp_path.iterdir())
