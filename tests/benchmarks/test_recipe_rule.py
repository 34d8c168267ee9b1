"""`benchmarks/recipe_rule.py`, which generates the table of `docs/recipes.md`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import t

from convscope.training.recipe_rule import IMAGES_IN_ALL, MAX_EPOCHS, MIN_EPOCHS
from convscope.training.schedule import MIN_VALIDATION

from ..scripts import load_script  # type: ignore[import-not-found]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = 12_000


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return load_script(BENCHMARKS / "recipe_rule.py")


def test_the_table_follows_from_the_saved_results(script: ModuleType) -> None:
    assert script.table(script.load()) in script.PAGE.read_text("utf-8"), "run benchmarks/recipe_rule.py --table"


def test_the_table_of_choices_follows_from_the_saved_results_of_eight_seeds(script: ModuleType) -> None:
    saved = script.saved_choices()
    assert len(saved["seeds"]) >= 8
    assert script.choices_table(saved) in script.PAGE.read_text("utf-8"), "run benchmarks/recipe_rule.py --table"
    for each in saved["sets"].values():
        assert {len(found["correct"]) for found in (each, *each["neighbours"].values())} == {len(saved["seeds"])}


def test_a_choice_is_compared_by_the_difference_per_seed_over_the_sets(script: ModuleType) -> None:
    neighbours = {"half as many epochs": {"correct": [88, 92], "interval": [-0.01, 0.03], "cpu_seconds": 1.0}}
    first = {"set": {"train": 300, "test": 100}, "correct": [86, 92], "cpu_seconds": 2.0, "neighbours": neighbours}
    other = {"half as many epochs": {"correct": [44, 45], "interval": [-0.1, -0.05], "cpu_seconds": 1.0}}
    second = {"set": {"train": 150, "test": 50}, "correct": [48, 49], "cpu_seconds": 1.0, "neighbours": other}
    saved = {**script.saved_choices(), "sets": {"first": first, "second": second}, "seeds": [0, 1]}
    gaps = [(2 - 8) / 2, (0 - 8) / 2]
    low, high = t.interval(0.95, 1, np.mean(gaps), np.std(gaps, ddof=1) / np.sqrt(2))
    row = f"| half as many epochs | 2 | -3.50 ({low:+.2f} to {high:+.2f}) | -8.00 to +1.00 | 0 | 1 | 0.8 |"
    assert row in script.choices_table(saved)
    second["correct"] = [48, 48]  # equal gaps, of which nothing can be said
    assert "| half as many epochs | 2 | -3.00 | -7.00 to +1.00 | 0 | 1 | 0.8 |" in script.choices_table(saved)


@pytest.mark.slow
def test_no_image_of_the_choices_is_a_test_image(script: ModuleType) -> None:
    tested, chosen_on = script.SETS["mnist-200"]().test, script.VALIDATION_SETS["mnist-200"]()
    others = {image.tobytes() for split in (chosen_on.train, chosen_on.test) for image in split.images}
    assert len(others) == 2200
    assert not others & {image.tobytes() for image in tested.images}


def test_the_document_states_the_rule_in_force(script: ModuleType) -> None:
    text = " ".join(script.PAGE.read_text("utf-8").split())
    assert f"{IMAGES_IN_ALL:,} / training images, from {MIN_EPOCHS} to {MAX_EPOCHS}" in text
    assert f"at least {MIN_VALIDATION} validation images" in text


def test_on_small_sets_the_default_is_as_good_as_best_within_the_noise_of_seeds(script: ModuleType) -> None:
    found = script.load()["test"]
    small = [each["runs"] for each in found.values() if each["set"]["train"] <= SMALL]
    assert len(small) >= 10
    for runs in small:
        own, other, before = (
            np.array([run["correct"] / run["n"] for run in runs[method]]) for method in ("standard", "best", "before")
        )
        assert len(own) == len(other) >= 3
        noise = np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / len(own)) + np.sqrt(0.25 / runs["best"][0]["n"])
        assert own.mean() >= other.mean() - 2 * noise
        assert own.mean() >= before.mean() - 2 * noise


def test_a_histogram_of_gradients_has_the_direction_of_a_line(script: ModuleType) -> None:
    images = np.zeros((2, 16, 16, 1), np.uint8)
    images[0, :, 8:] = images[1, 8:] = 255
    upright, level = (each.reshape(-1, script.ANGLES).sum(axis=0) for each in script.hog(images))
    assert upright.argmax() == 0  # the gradient points across
    assert level.argmax() == script.ANGLES // 2
