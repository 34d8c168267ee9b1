"""Accuracy beside what a constant answer reaches, and numbers on the same classes as their intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from convscope.analysis.classification import Confusion, confusion, macro_f1_estimate
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings.accuracy import better_than_majority, constant_answer
from convscope.analysis.metrics import evaluation_metrics
from convscope.analysis.mistakes.triage import MistakeEvidence, triage

NAMES = ("healthy", "sick", "unsure")


def metrics_of(counts: list[list[int]]) -> dict[str, object]:
    matrix = np.array(counts)
    labels, predictions = (np.repeat(each, matrix.ravel()) for each in np.indices(matrix.shape).reshape(2, -1))
    return evaluation_metrics(
        Evaluation(labels, np.eye(len(matrix), dtype=np.float32)[predictions] * 4, NAMES[: len(matrix)])
    )


@pytest.mark.parametrize(
    ("counts", "better", "never"),
    [
        ([[95, 0], [5, 0]], False, ["sick"]),
        ([[0, 95], [0, 5]], False, ["healthy"]),
        ([[94, 1], [4, 1]], False, []),
        ([[90, 0], [2, 8]], True, []),
        ([[50, 50], [50, 50]], False, []),
        ([[40, 0, 10], [10, 0, 40], [0, 0, 50]], True, ["sick"]),
        ([[95, 5, 0], [60, 40, 0], [0, 0, 0]], True, []),
    ],
)
def test_a_majority_is_no_skill(counts: list[list[int]], better: bool, never: list[str]) -> None:
    test = metrics_of(counts)
    majority, matrix = test["majority"], np.array(counts)
    assert isinstance(majority, dict)
    assert majority["share"] == matrix.sum(axis=1).max() / matrix.sum()
    assert majority["better"] is better
    assert test["never_predicted"] == never
    assert all(name in constant_answer(test) for name in never)
    finding = better_than_majority(test)
    assert (finding is None) is better
    assert finding is None or finding.interval[0] <= finding.value <= finding.interval[1]


@pytest.mark.parametrize("seed", range(12))
def test_every_number_lies_in_its_interval_whatever_classes_are_absent(seed: int) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, 4, (3, 3)) + np.diag(generator.integers(0, 30, 3))
    counts[generator.integers(3)] = 0
    if seed % 2:
        counts[:, generator.integers(3)] = 0
    counts[np.flatnonzero(counts.sum(axis=1) == 0)[0] - 1, 0] += 2
    test = metrics_of(counts.tolist())
    labels, predictions = (np.repeat(each, counts.ravel()) for each in np.indices(counts.shape).reshape(2, -1))
    for name in ("accuracy", "macro_f1", "balanced_accuracy", "loss", "brier", "ece"):
        low, high = test["interval" if name == "accuracy" else f"{name}_interval"]  # type: ignore[misc]
        assert low <= test[name] <= high, name  # type: ignore[operator]
    occurring = np.union1d(labels, predictions)
    assert test["macro_f1"] == pytest.approx(
        f1_score(labels, predictions, labels=occurring, average="macro", zero_division=0)
    )
    present = np.unique(labels)
    recalls = [(predictions[labels == each] == each).mean() for each in present]
    assert test["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    if set(predictions) <= set(labels):
        assert test["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predictions))


def test_macro_f1_without_one_image_leaves_out_the_class_that_disappears() -> None:
    matrix = np.array([[20, 1, 0], [0, 20, 0], [0, 0, 1]])
    found = macro_f1_estimate(Confusion(matrix, NAMES))
    assert found.interval.low > 0.8  # the rare class is drawn zero times in a third of the resamples
    assert found.interval.low < found.value < found.interval.high
    assert confusion(np.array([0]), np.array([0]), NAMES).total == 1


def test_no_label_is_suspect_in_a_class_that_is_never_predicted() -> None:
    signs = MistakeEvidence(0.99, 1e-6, distance_ratio=5.0, votes_for_prediction=4, votes=4)
    assert triage(signs, true="sick", predicted="healthy").kind == "label suspect"
    never = replace(signs, label_is_predicted=False)
    assert triage(never, true="sick", predicted="healthy").kind == "model error"
