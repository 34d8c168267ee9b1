"""`benchmarks/robustness.py`, which generates `docs/robustness.md`, on the saved results and on a small run."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.system.hardware import describe_machine, package_versions

from ..scripts import load_script  # type: ignore[import-not-found]

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "robustness.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


def test_the_document_follows_from_the_saved_results(script: ModuleType) -> None:
    if not script.RESULTS.is_file():
        pytest.skip("no saved results")
    text = script.page(json.loads(script.RESULTS.read_text("utf-8")), script.augmentation.load())
    assert script.PAGE.read_text("utf-8") == text, "run benchmarks/robustness.py --table"


@pytest.mark.slow
def test_measured_runs_become_a_document(script: ModuleType, run_copy: Path, no_figures: None) -> None:
    result, found = script.measure(run_copy, everything=False)
    difference = script.difference(found, found)
    assert difference["mean"] == {"kind": None, "difference": 0.0, "interval": [0.0, 0.0]}
    results = {
        "machine": describe_machine(), "versions": package_versions(), "date": "2026-01-01", "everything": False,
        "runs": [result, result], "differences": [{"from": 0, "to": 1, **difference}],
    }  # fmt: skip
    text = script.page(json.loads(json.dumps(results)), None)
    assert all(f"| {kind.title} |" in text for kind in KINDS.values())
    assert "Significantly more accurate: none." in text
    assert "359 of the 359 test images" in text
    assert f"{result['cpu_seconds']:.0f} s for `cnn`, `standard` (" in text
    assert "Effect of augmentation\n\nNot measured." in text
    assert "{" not in text


def test_a_difference_has_the_interval_of_a_paired_mean(script: ModuleType) -> None:
    generator = np.random.default_rng(0)
    one, other = (SimpleNamespace(robustness=SimpleNamespace(corrupted=generator.random((15, 5, 300)) < share))
                  for share in (0.7, 0.8))  # fmt: skip
    found = script.difference(one, other)
    gaps = other.robustness.corrupted.mean(axis=(0, 1)) - one.robustness.corrupted.mean(axis=(0, 1))
    expected = stats.norm.interval(0.95, gaps.mean(), stats.sem(gaps))
    assert found["mean"]["interval"] == pytest.approx(expected)
    assert found["mean"]["difference"] == pytest.approx(0.1, abs=0.02)
    gaps = (other.robustness.corrupted[3].mean(axis=0) - one.robustness.corrupted[3].mean(axis=0)).astype(float)
    expected = stats.norm.interval(1 - 0.05 / len(KINDS), gaps.mean(), stats.sem(gaps))
    assert found["kinds"][3]["interval"] == pytest.approx(expected)
    assert [row["kind"] for row in found["kinds"]] == list(KINDS)


def augmented(script: ModuleType, seeds: int = 5) -> dict[str, Any]:
    """Return made-up trainings: the second augmentation gains one strength of fog, the third differs from none by chance."""
    generator, runs = np.random.default_rng(0), []
    for seed in range(seeds):
        plain = {kind: generator.integers(0, 5, 200) for kind in KINDS}
        for position, name in enumerate(script.augmentation.AUGMENTATIONS):
            right = {kind: values + (position == 1 and kind == "fog") for kind, values in plain.items()}
            if position == 2:
                right = {kind: np.roll(values, 1) for kind, values in right.items()}
            digits = {kind: "".join(map(str, values)) for kind, values in right.items()}
            runs.append({"augmentation": name, "seed": seed, "n": 1000, "errors": 5 + position, "right": digits})
    described = {name: each.describe((28, 28, 1)) for name, each in script.augmentation.AUGMENTATIONS.items()}
    settings = {"model": "cnn", "recipe": "standard", "sample": 200, "augmentations": described}
    return {"runs": runs, "settings": settings, "machine": describe_machine(), "versions": package_versions(),
            "date": "2026-01-01"}  # fmt: skip


def test_the_gain_is_paired_by_seed_and_image(script: ModuleType) -> None:
    results, (_, own, other) = augmented(script), script.augmentation.AUGMENTATIONS
    assert script.augmentation.gain(results, own, "fog") == pytest.approx((20, 20, 20))
    assert script.augmentation.gain(results, own, "stripe") == (0, 0, 0)
    assert script.augmentation.gain(results, own, None) == pytest.approx((20 / 15,) * 3)
    middle, low, high = script.augmentation.gain(results, other, None)
    assert low < 0 < high
    assert middle == pytest.approx(0, abs=1e-9)
    by_hand = np.mean(
        [[int(digit) for digit in run["right"]["fog"]] for run in results["runs"] if run["augmentation"] == own]
    )
    assert script.augmentation.shares(results, own, "fog").mean() == pytest.approx(by_hand / 5)


def test_the_table_has_every_kind_and_bold_significant_gains(script: ModuleType) -> None:
    text = script.augmentation.section(augmented(script))
    rows = {line.split(" | ")[0].strip("| *"): line for line in text.splitlines() if line.startswith("| ")}
    assert set(rows) >= {kind.title for kind in KINDS.values()} | {"all kinds", "uncorrupted, all test images"}
    assert "**+20.0 (+20.0 to +20.0)**" in rows["fog"]
    assert "+0.0 (+0.0 to +0.0) |" in rows["stripe"]
    assert "| 99.50 | 99.40 | 99.30 |" in rows["uncorrupted, all test images"]
    assert "the same 5 seeds" in text
    assert "none: images unchanged" in text
    assert "by up to 15°" in text
    assert len(script.augmentation.shares(augmented(script) | {"runs": augmented(script)["runs"][:-1]}, "none", None)) == 4
