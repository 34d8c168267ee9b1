"""Results as plain text: every number with what it may be off by."""

from __future__ import annotations

import re

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.metrics import evaluation_metrics
from convscope.cli import text
from convscope.ledger import LedgerEntry

LABELS = np.repeat([0, 1], [40, 60])
PREDICTIONS = np.concatenate([np.repeat([0, 1], [36, 4]), np.repeat([0, 1], [9, 51])])


def test_each_class_has_precision_recall_and_f1_with_their_intervals() -> None:
    lines = text.class_table(
        evaluation_metrics(Evaluation(LABELS, np.eye(2)[PREDICTIONS] * 5.0, ("cat", "dog")))
    ).splitlines()
    assert len(lines) == 3
    numbers = [float(number) for number in re.findall(r"\d+\.\d+", lines[1])]
    ends = [
        100 * end for of in (45, 40) for share in [36 / of] for end in (share, *proportion_confint(36, of, method="wilson"))
    ]
    assert np.allclose(numbers[:6], ends, atol=0.005)
    low, high = proportion_confint(36, 49, method="wilson")  # of all images that are cats or were called so
    assert np.allclose(numbers[6:], [100 * 72 / 85, 200 * low / (1 + low), 200 * high / (1 + high)], atol=0.005)
    assert lines[1].endswith("40")


def test_the_network_beside_is_told_apart_by_pairs() -> None:
    baseline = {"model_name": "ann", "accuracy": 0.987, "errors": 130, "n": 10_000, "both_wrong": 60, "only_model_wrong": 35,
                "only_baseline_wrong": 70}  # fmt: skip
    assert text.beside_line(baseline) == (
        "beside it: ann, 98.70% and 130 wrong; a difference of 0.35 points (0.15 to 0.56), more than chance makes "
        "(McNemar's test, mid-p = 0.0006)"
    )
    alike = {**baseline, "only_baseline_wrong": 37, "errors": 97, "accuracy": 0.9903}
    assert "which chance alone could make" in text.beside_line(alike)


def test_readings_are_told_with_their_purposes_and_only_those_of_the_same_data() -> None:
    entries = [LedgerEntry("2026", "train", "the result", "digits", "abc", "test", 359),
               LedgerEntry("2026", "evaluate", "an evaluation", "own", "other", "test", 10)]  # fmt: skip
    assert text.readings_line(entries, "abc") == (
        "this test split was read once: the result; nothing in this network was chosen by it"
    )
    assert text.readings_line(entries, "nobody's") == ""
