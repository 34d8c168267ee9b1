"""SIGKILL at any moment of every verb that writes; ``kills.py`` does the same 300 times."""

import pytest

from .kills import VERBS, Kills  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Kills:
    return Kills(tmp_path_factory.mktemp("kills"), QUICK)


QUICK = sorted(VERBS.keys() - {"train", "train --overwrite", "study", "explain"})


@pytest.mark.rows(8)
@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_verb_leaves_nothing_torn(name: str, number: int, kills: Kills) -> None:
    assert kills.kill(name, number) == ""
