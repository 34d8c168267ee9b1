from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.analysis.training_summary import MEASURED, MNIST, seed_spread
from convscope.data.dataset import Dataset
from convscope.training.recipes import RECIPES

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "accuracy.json"


def run_of(recipe: str, **changes: Any) -> dict[str, Any]:
    config = replace(RECIPES[recipe](), **changes)
    return {"recipe": recipe, "model": MEASURED[recipe].model, "config": config.as_dict(), "stopped_early": False}


def test_the_spreads_are_those_of_the_benchmark(mnist: Dataset) -> None:
    measured = json.loads(RESULTS.read_text("utf-8"))["recipes"]
    assert mnist.fingerprint == MNIST
    for recipe, spread in MEASURED.items():
        accuracies = [run["accuracy"] for run in measured[recipe]["runs"]]
        assert (spread.model, spread.seeds) == (measured[recipe]["model"], len(accuracies))
        assert spread.mean == round(float(np.mean(accuracies)), 4)
        assert spread.deviation == round(float(np.std(accuracies, ddof=1)), 4)


@pytest.mark.parametrize("recipe", MEASURED)
def test_only_an_unchanged_recipe_on_all_of_mnist_has_a_known_spread(recipe: str) -> None:
    run, spread = run_of(recipe), MEASURED[recipe]
    known, unknown = f"{100 * spread.mean:.2f} ± {100 * spread.deviation:.2f}% on MNIST", "convscope study"
    assert known in seed_spread(run, MNIST)
    for other, fingerprint in (
        (run, "0" * 64),
        (run_of(recipe, epochs=2), MNIST),
        ({**run, "model": "ann"}, MNIST),
        ({**run, "stopped_early": True}, MNIST),
    ):
        assert unknown in seed_spread(other, fingerprint)
        assert "±" not in seed_spread(other, fingerprint)
