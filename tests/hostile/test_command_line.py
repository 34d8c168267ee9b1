"""Arguments that name nothing, or something of another kind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .command import Answer, answer_of, assert_held  # type: ignore[import-not-found]

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


@pytest.fixture(scope="module")
def answer_to() -> Iterator[Callable[..., Answer]]:
    """Runs a command in a process of its own, as a fork where there are forks."""
    if sys.platform != "linux":
        yield answer_of
        return
    from .forked import Forks  # type: ignore[import-not-found]

    with Forks() as forks:
        yield lambda *arguments, folder: forks.answer("", *arguments, folder=folder)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["report", "predict"])
@pytest.mark.parametrize("name", NOTHING)
def test_a_run_that_is_none_is_one_error(verb: str, name: str, answer_to: Callable[..., Answer], tmp_path: Path) -> None:
    answer = answer_to(verb, name, *(["x.png"] if verb == "predict" else []), folder=tmp_path)
    assert_held(answer)
    assert answer.status in (1, 2)
    assert "\x1b" not in answer.error
    assert "\u202e" not in answer.error
    assert not list(tmp_path.iterdir())
