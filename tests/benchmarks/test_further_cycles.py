"""`benchmarks/further_cycles.py`, which generates a table of `docs/recipes.md`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from convscope.analysis.statistics.proportions import wilson

from ..scripts import load_script  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(Path(__file__).parents[2] / "benchmarks" / "further_cycles.py")


def test_the_document_follows_from_the_saved_results(script: ModuleType) -> None:
    assert script.section(script.load()) in script.PAGE.read_text("utf-8"), "run benchmarks/further_cycles.py --table"


def test_what_the_document_says_of_all_six_trainings_holds(script: ModuleType) -> None:
    runs = [run for each in script.load()["runs"].values() for run in each]
    assert len(runs) == 6
    for first, second, *_ in (run["cycles"] for run in runs):
        assert second["val_accuracy"] > first["val_accuracy"]
        assert first["accuracy"] > wilson(round(1000 * first["val_accuracy"]), 1000).high  # so it may help little
    rows = [script.row(name, found) for name, found in script.load()["runs"].items()]
    assert all("(-" in row[3] for row in rows)  # no interval is above 0
