"""`benchmarks/label_audit.py`, which generates the tables of `docs/label-audit.md`."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from convscope.data.dataset import Dataset

from ..scripts import load_script  # type: ignore[import-not-found]

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "label_audit.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


def test_the_tables_follow_from_the_saved_results(script: ModuleType) -> None:
    results = json.loads(script.RESULTS.read_text("utf-8"))
    assert script.table(results) in script.PAGE.read_text("utf-8"), "run benchmarks/label_audit.py --table"
    assert all(run["in_top"] >= 0.9 * run["changed"] for run in results["runs"])


def test_the_given_share_of_labels_changes_to_another_class(script: ModuleType, digits: Dataset) -> None:
    changed, chosen = script.flipped(digits, 0.01, 0)
    differing = np.flatnonzero(changed.train.labels != digits.train.labels)
    assert sorted(chosen.tolist()) == differing.tolist()
    assert len(differing) == 14


def test_a_measured_command_is_described(script: ModuleType) -> None:
    command = {"data": "mnist", "images": 60_000, "folds": 4, "epochs": 1, "seconds": 61.4, "processor_seconds": 90.2}
    sentence = script.command_sentence(command)
    assert all(text in sentence for text in ("60,000", "4 folds of 1 epoch", "61 s", "90 s"))
    assert script.command_sentence(None) == ""
