"""`benchmarks/label_audit.py`, which generates the tables of `docs/label-audit.md`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from convscope.data.dataset import Dataset

from ..scripts import load_script  # type: ignore[import-not-found]

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "label_audit.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


def test_the_tables_follow_from_the_saved_results(script: ModuleType) -> None:
    assert script.section(script.load()) in script.PAGE.read_text("utf-8"), "run benchmarks/label_audit.py --table"


def test_what_is_said_of_the_bound_and_of_the_first_suspects_holds(script: ModuleType) -> None:
    runs = [run for each in script.load()["sets"].values() for run in each]
    assert len({run["seed"] for run in runs}) >= 3
    given = [run for run in runs if run["is_lower_bound"]]
    held = [run["estimated_wrong"] <= run["changed"] for run in given]
    assert np.mean(held) >= 0.9  # docs/label-audit.md says how often
    assert np.mean([run["wrong_in_top"] / run["top"] for run in runs]) >= 0.5


@pytest.mark.parametrize("kind", ["random", "similar"])
def test_the_given_share_of_labels_changes_to_another_class(script: ModuleType, digits: Dataset, kind: str) -> None:
    changed, chosen = script.flipped(digits, 0.01, 0, kind)
    differing = np.flatnonzero(changed.train.labels != digits.train.labels)
    assert sorted(chosen.tolist()) == differing.tolist()
    assert len(differing) == 14
    pixels, labels = digits.train.images.reshape(len(digits.train), -1).astype(float), digits.train.labels
    distances = cdist(pixels[chosen], [pixels[labels == each].mean(axis=0) for each in range(10)])
    distances[np.arange(14), labels[chosen]] = np.inf
    assert (changed.train.labels[chosen] == distances.argmin(axis=1)).all() == (kind == "similar")


def test_a_measured_command_is_described(script: ModuleType) -> None:
    command = {"data": "mnist", "images": 60_000, "folds": 4, "epochs": 1, "seconds": 61.4, "processor_seconds": 90.2}
    sentence = script.command_sentence(command)
    assert all(text in sentence for text in ("60,000", "4 folds of 1 epoch", "61 s", "90 s"))
    assert script.command_sentence(None) == ""
