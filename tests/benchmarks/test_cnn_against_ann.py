"""`benchmarks/cnn_against_ann.py`, which generates the table of `docs/cnn-against-ann.md`."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from ..scripts import load_script  # type: ignore[import-not-found]

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cnn_against_ann.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


def test_the_table_follows_from_the_saved_predictions(script: ModuleType) -> None:
    saved = json.loads(script.RESULTS.read_text("utf-8"))
    recomputed = script.summarised(json.loads(script.RESULTS.read_text("utf-8")))
    for name, each in saved["comparisons"].items():
        again = recomputed["comparisons"][name]["summary"]
        assert again.keys() == each["summary"].keys()
        for key, value in each["summary"].items():
            assert again[key] == pytest.approx(value), (name, key)
    assert script.table(saved) in script.PAGE.read_text("utf-8"), "run benchmarks/cnn_against_ann.py --table"


def test_both_intervals_of_the_difference_exclude_zero(script: ModuleType) -> None:
    found = script.load()["comparisons"]["mnist/standard"]["summary"]
    assert found["seeds"] >= 5
    assert 0 < found["interval_seeds_and_images"][0] < found["interval_seeds"][0]
