"""Prediction sets hold the true class as often as they say, for images like those they were chosen on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.analysis.metrics import top_k_accuracy
from convscope.analysis.uncertainty.prediction_sets import in_set, informative, measure_prediction_sets, set_probability
from convscope.cli import text
from convscope.types import Floats, Labels

from ...simulation import holds  # type: ignore[import-not-found]


def drawn(generator: np.random.Generator, n: int, *, sharpness: float, k: int = 10) -> tuple[Floats, Labels]:
    """Return probabilities (n, k), too sure by ``sharpness``, and labels drawn from the right ones."""
    logits = generator.normal(0, 2, (n, k))
    right, told = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in (logits, logits * sharpness))
    return told, (generator.random((n, 1)) > right.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("n", "level"), [(99, 0.95), (99, 0.99), (120, 0.95), (1000, 0.99)])
def test_the_coverage_over_many_runs_is_the_level(sharpness: float, n: int, level: float) -> None:
    """Also of probabilities that are far from calibrated. One new image per run: then coverage is exact, within 1 / (n + 1)."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(2000):
        probabilities, labels = drawn(generator, n + 1, sharpness=sharpness)
        probability = set_probability(probabilities[:n], labels[:n], level)
        hits += bool(in_set(probabilities[n:], probability)[0, labels[n]])
    assert holds(hits, 2000, low=level, high=min(1, level + 1.5 / (n + 1)))


@pytest.mark.parametrize(
    ("n", "level", "suffices"), [(18, 0.95, False), (19, 0.95, True), (98, 0.99, False), (99, 0.99, True)]
)
def test_too_few_images_give_sets_of_all_classes(n: int, level: float, suffices: bool) -> None:
    probabilities, labels = drawn(np.random.default_rng(1), n, sharpness=1)
    probability = set_probability(probabilities, labels, level)
    assert (probability > 0) == suffices
    assert in_set(probabilities, probability).all() == (not suffices)


def test_the_most_probable_class_is_in_every_set() -> None:
    probabilities, labels = drawn(np.random.default_rng(2), 500, sharpness=1)
    assert in_set(probabilities, 0.999)[np.arange(500), probabilities.argmax(axis=1)].all()
    sets = measure_prediction_sets((probabilities, labels), (probabilities, labels))
    assert [each.level for each in sets] == [0.95, 0.99]
    assert sets[0].mean_size < sets[1].mean_size
    assert informative(sets) is sets[1]
    chosen = in_set(probabilities, sets[0].probability)
    assert sets[0].coverage.count == chosen[np.arange(500), labels].sum()


def test_a_run_measures_its_sets_and_predict_returns_them(digits_run: convscope.Run) -> None:
    sets = digits_run.metrics["uncertainty"]["prediction_sets"]
    assert [(each["level"], each["n"]) for each in sets] == [(0.95, 120), (0.99, 120)]
    found = convscope.predict(digits_run.folder, digits_run.dataset.test.images)
    for rule in sets:
        told = [each.prediction_sets[rule["level"]] for each in found]
        names = [digits_run.evaluation.class_names[label] for label in digits_run.dataset.test.labels]
        assert sum(name in each for name, each in zip(names, told, strict=True)) == rule["coverage"]["count"]
        assert np.mean([len(each) for each in told]) == pytest.approx(rule["mean_size"])
        assert all(each[0] == prediction.class_name for each, prediction in zip(told, found, strict=True))
    several = next(each for each in found if 1 < len(each.prediction_sets[0.99]) <= text.MAX_SET)
    assert f"99% set: {', '.join(several.prediction_sets[0.99])}" in text.answer_line(several)


def test_sets_of_too_few_validation_images_are_not_told(digits_run: convscope.Run) -> None:
    found = convscope.predict(digits_run.folder, digits_run.dataset.test.images[:3])
    few = tuple(replace(rule, probability=0.0) if rule.level == 0.99 else rule for rule in found.set_rules)
    assert [list(each.prediction_sets) for each in replace(found, set_rules=few)] == [[0.95]] * 3


def test_a_model_without_its_run_has_no_sets(digits_run: convscope.Run, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes((digits_run.folder / "model.onnx").read_bytes())
    (found,) = convscope.predict(model, digits_run.dataset.test.images[:1])
    assert found.prediction_sets == {}


def test_top_k_accuracy_counts_the_classes_above_the_true_one(digits_run: convscope.Run) -> None:
    evaluation = digits_run.evaluation
    for each in digits_run.metrics["test"]["top_k_accuracy"]:
        best = np.argsort(-evaluation.logits, axis=1)[:, : each["k"]]
        assert each["count"] == (best == evaluation.labels[:, None]).any(axis=1).sum()
    assert [each["k"] for each in top_k_accuracy(evaluation)] == [3, 5]
    assert json.dumps(digits_run.metrics["test"]["top_k_accuracy"])
