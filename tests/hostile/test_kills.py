"""SIGKILL at any moment of every verb that writes; ``kills.py`` does the same 300 times."""

import pytest

from .kills import Kills  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Kills:
    return Kills(tmp_path_factory.mktemp("kills"))


QUICK = [
    "train --no-report", "audit", "export", "train --overwrite --no-report", "predict --csv", "report", "mistakes --csv",
    "train --resume", "train --overwrite, a link", "evaluate",
]  # fmt: skip
"""Without those that take long or do what others do; neighbours differ, since `make test` takes every third or fourth row."""


@pytest.mark.rows(4)
@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_verb_leaves_nothing_torn(name: str, number: int, kills: Kills) -> None:
    assert kills.kill(name, number) == ""
