"""The script behind `docs/robustness.md`, on a quick run; and the page itself, where it has been measured."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from convscope.analysis.corruptions.kinds import KINDS
from convscope.figures import gallery
from convscope.machine import describe_machine, package_versions

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "robustness.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("robustness", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_kept_numbers(script: ModuleType) -> None:
    if not script.RESULTS.is_file():
        pytest.skip("nothing has been measured yet")
    text = script.page(json.loads(script.RESULTS.read_text("utf-8")))
    assert script.PAGE.read_text("utf-8") == text, "run benchmarks/robustness.py --table"


@pytest.mark.slow
def test_measured_runs_become_a_page(script: ModuleType, run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "drawers", lambda record: [])
    result, found = script.measure(run_copy, everything=False)
    difference = script.difference(found, found)
    assert difference["mean"] == {"kind": None, "difference": 0.0, "interval": [0.0, 0.0]}
    results = {
        "machine": describe_machine(), "versions": package_versions(), "date": "2026-01-01", "everything": False,
        "runs": [result, result], "differences": [{"from": 0, "to": 1, **difference}],
    }  # fmt: skip
    text = script.page(json.loads(json.dumps(results)))
    assert all(f"| {kind.title} |" in text for kind in KINDS.values())
    assert "Better beyond chance: none." in text
    assert "359 of 359 test images" in text
    assert "{" not in text


def test_a_difference_is_paired_and_has_the_interval_of_a_paired_mean(script: ModuleType) -> None:
    generator = np.random.default_rng(0)
    one, other = (SimpleNamespace(robustness=SimpleNamespace(corrupted=generator.random((15, 5, 300)) < share))
                  for share in (0.7, 0.8))  # fmt: skip
    found = script.difference(one, other)
    gaps = other.robustness.corrupted.mean(axis=(0, 1)) - one.robustness.corrupted.mean(axis=(0, 1))
    expected = stats.norm.interval(0.95, gaps.mean(), stats.sem(gaps))
    assert found["mean"]["interval"] == pytest.approx(expected)
    assert found["mean"]["difference"] == pytest.approx(0.1, abs=0.02)
    assert [row["kind"] for row in found["kinds"]] == list(KINDS)
