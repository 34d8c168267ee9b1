"""`benchmarks/cnn_against_ann.py`, which generates the table of `docs/cnn-against-ann.md`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cnn_against_ann.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("cnn_against_ann", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


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
    assert found["better"] == 1
