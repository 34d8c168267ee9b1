"""`benchmarks/small_validation.py`, which generates a table of `docs/explanation/calibration.md`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ..scripts import load_script  # type: ignore[import-not-found]
from ..simulation import holds  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(Path(__file__).parents[2] / "benchmarks" / "small_validation.py")


def test_the_table_follows_from_the_saved_results(script: ModuleType) -> None:
    assert script.section(script.load()) in script.PAGE.read_text("utf-8"), "run benchmarks/small_validation.py --table"


def test_thresholds_and_sets_of_a_hundred_validation_images_hold_on_thousands_of_others(script: ModuleType) -> None:
    found = {name: runs for name, runs in script.load()["runs"].items() if "other" not in name}
    assert len(found) == 3
    assert all(len({run["seed"] for run in runs}) >= 20 for runs in found.values())
    thresholds = script.thresholds_of([run for runs in found.values() for run in runs])
    assert len(thresholds) >= 50
    assert holds(script.missed(thresholds), len(thresholds), low=0, high=0.05)
    for runs in found.values():
        for level in script.LEVELS:
            shares = [each["coverage"] for run in runs for each in run["sets"] if each["level"] == level]
            error = np.std(shares, ddof=1) / np.sqrt(len(shares))
            assert np.mean(shares) > level - 3 * error


@pytest.mark.slow
def test_a_training_keeps_its_promises_to_itself(script: ModuleType) -> None:
    made = script.SETS["letters"](0)
    assert (len(made.train), len(made.test), made.num_classes) == (script.TRAIN, script.LETTERS, 26)
    again = script.SETS["letters, other fonts"](0)
    assert np.array_equal(made.train.images, again.train.images)
    assert not np.array_equal(made.test.images, again.test.images)
