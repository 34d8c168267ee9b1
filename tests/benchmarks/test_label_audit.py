"""The script behind the tables of `docs/label-audit.md`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from convscope.data.dataset import Dataset

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "label_audit.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("label_audit", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_kept_numbers(script: ModuleType) -> None:
    results = json.loads(script.RESULTS.read_text("utf-8"))
    assert script.table(results) in script.PAGE.read_text("utf-8"), "run benchmarks/label_audit.py --table"
    assert all(run["in_top"] >= 0.9 * run["changed"] for run in results["runs"])


def test_as_many_labels_are_changed_as_asked_and_each_to_another_class(script: ModuleType, digits: Dataset) -> None:
    changed, chosen = script.flipped(digits, 0.01, 0)
    differing = np.flatnonzero(changed.train.labels != digits.train.labels)
    assert sorted(chosen.tolist()) == differing.tolist()
    assert len(differing) == 14


def test_the_command_is_a_sentence_where_it_was_measured(script: ModuleType) -> None:
    command = {"data": "mnist", "images": 60_000, "folds": 4, "epochs": 1, "seconds": 61.4, "processor_seconds": 90.2}
    said = script.command_sentence(command)
    assert "60,000 training images, 4 folds of 1 epoch:\n61 s from start to end" in said
    assert "90 s of the processor" in said
    assert script.command_sentence(None) == ""
