"""`benchmarks/accuracy.py`, and what `docs/explanation/intervals.md` says of images that depend on each other."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binomtest

from convscope.analysis.statistics.proportions import wilson

from ..scripts import load_script  # type: ignore[import-not-found]
from ..simulation import holds  # type: ignore[import-not-found]

BLOCKS, TRIALS = 50, 400


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(Path(__file__).parents[2] / "benchmarks" / "accuracy.py")


def errors(script: ModuleType, spread: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return errors (trials, halves, blocks) at a rate of 1% that varies between blocks by a share of ``spread``."""
    generator = np.random.default_rng(0)
    rates = 0.01 * np.exp(generator.normal(0, spread, (TRIALS, 2, BLOCKS // 2)) - spread**2 / 2)
    return generator.binomial(script.BLOCK, rates)


@pytest.mark.slow
def test_the_document_follows_from_the_saved_results(script: ModuleType) -> None:
    saved = json.loads(script.RESULTS.read_text("utf-8"))["recipes"]["standard"]
    assert script.dependence_text(saved) in script.PAGE.read_text("utf-8"), "run benchmarks/accuracy.py"


@pytest.mark.slow
def test_errors_on_mnist_are_not_spread_as_those_of_independent_images(script: ModuleType) -> None:
    runs = json.loads(script.RESULTS.read_text("utf-8"))["recipes"]["standard"]["runs"]
    assert all(len(run["wrong"]) == round(10_000 * (1 - run["accuracy"])) for run in runs)
    in_first_half = [int((np.array(run["wrong"]) < script.HALF).sum()) for run in runs]
    both = zip(in_first_half, runs, strict=True)
    assert np.median([binomtest(each, len(run["wrong"])).pvalue for each, run in both]) < 0.05
    ratio, p = script.dependence(runs)
    assert 1.1 < ratio**0.5 < 1.3  # docs/explanation/intervals.md says by how much an interval is too narrow
    assert p < 0.05
    generator = np.random.default_rng(1)
    shuffled = [{"wrong": generator.choice(10_000, 50, replace=False)} for _ in range(10)]
    assert script.dependence(shuffled)[1] > 0.05


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_an_interval_holds_for_independent_images_and_is_too_narrow_by_the_root_of_the_dispersion_for_others(
    script: ModuleType, spread: float
) -> None:
    blocks = errors(script, spread)
    ratio, n = script.dispersion(blocks), BLOCKS * script.BLOCK
    assert ratio == pytest.approx(1 + 0.01 * (script.BLOCK - 1) * np.expm1(spread**2), rel=0.1)
    totals = blocks.sum(axis=(1, 2))
    assert totals.std() == pytest.approx(np.sqrt(0.01 * 0.99 * n * ratio), rel=0.1)
    covered = sum(interval.low <= 0.01 <= interval.high for interval in (wilson(int(total), n) for total in totals))
    assert holds(covered, TRIALS) == (spread == 0)
