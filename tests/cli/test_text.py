"""Result lines: the numbers in them, and their wording in snapshots."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.metrics import evaluation_metrics
from convscope.cli import text
from convscope.cli.train import _details
from convscope.prediction.predictions import Answer, Place, Prediction
from convscope.runs.ledger import LedgerEntry

LABELS = np.repeat([0, 1], [40, 60])
PREDICTIONS = np.concatenate([np.repeat([0, 1], [36, 4]), np.repeat([0, 1], [9, 51])])
TEST = {
    "accuracy": 0.9943, "interval": [0.9926, 0.9956], "n": 10_000, "errors": 57, "loss": 0.019, "loss_interval": [0.0165, 0.0218],
    "macro_f1": 0.9942, "macro_f1_interval": [0.9926, 0.9957], "brier": 0.0088, "brier_interval": [0.0075, 0.0102],
    "ece": 0.0031, "ece_interval": [0.0023, 0.0045],
    "confused_pairs": [{"true": "4", "predicted": "9", "count": 7}, {"true": "7", "predicted": "2", "count": 5}],
    "per_class": [
        {"class_name": name, "precision": 0.99, "precision_interval": [0.98, 0.995], "recall": 0.95,
         "recall_interval": [0.9, 0.97], "f1": 0.97, "f1_interval": [0.96, 0.98], "support": support}
        for name, support in (("zero", 980), ("one", 1135))
    ],
}  # fmt: skip
BASELINE = {"model_name": "ann", "accuracy": 0.987, "errors": 130, "n": 10_000, "both_wrong": 60, "only_model_wrong": 35,
            "only_baseline_wrong": 70}  # fmt: skip
THRESHOLD = {
    "threshold": 0.93119, "target_accuracy": 0.997, "selected_on": "validation",
    "selection_split": {"n": 5_000, "coverage": 0.981, "accuracy": 0.9971},
    "test": {"accuracy": 0.9975, "interval": [0.9963, 0.9983], "coverage": 0.9789, "coverage_interval": [0.976, 0.9815]},
}  # fmt: skip
ENTRIES = [
    LedgerEntry("2026", "train", "the result", "digits", "abc", "test", 359),
    LedgerEntry("2026", "evaluate", "an evaluation", "own", "other", "test", 10),
]


def prediction(
    *, probability: float = 0.9213, distance: float = 4.0, place: Place | None = None, at_least: float = 0.0
) -> Prediction:
    answers = (Answer("four", 4, probability), Answer("nine", 9, (1 - probability) / 2), Answer("\x1b[31mred", 1, 1e-9))
    return Prediction("x.png", answers, ("resized to 28 × 28",), distance, 6.13, place, at_least)


def numbers_in(line: str) -> list[float]:
    return [float(number) for number in re.findall(r"[-+−]?\d+\.\d+", line)]


def test_each_class_has_precision_recall_and_f1_with_their_intervals() -> None:
    lines = text.class_table(
        evaluation_metrics(Evaluation(LABELS, np.eye(2)[PREDICTIONS] * 5.0, ("cat", "dog")))
    ).splitlines()
    assert len(lines) == 3
    numbers = numbers_in(lines[1].replace("–", " "))
    ends = [
        100 * end for of in (45, 40) for share in [36 / of] for end in (share, *proportion_confint(36, of, method="wilson"))
    ]
    assert np.allclose(numbers[:6], ends, atol=0.005)
    low, high = proportion_confint(36, 49, method="wilson")  # of all images that are cats or are predicted as cats
    assert np.allclose(numbers[6:], [100 * 72 / 85, 200 * low / (1 + low), 200 * high / (1 + high)], atol=0.005)
    assert lines[1].endswith("40")


def test_a_class_without_images_has_dashes_for_scores() -> None:
    metrics = evaluation_metrics(Evaluation(LABELS, np.eye(3)[PREDICTIONS] * 5.0, ("cat", "dog", "eel")))
    assert text.class_table(metrics).splitlines()[-1].split() == ["eel", "–", "–", "–", "0"]


def test_the_difference_to_the_baseline_is_paired() -> None:
    line = text.baseline_line(BASELINE)
    assert numbers_in(line) == [98.7, 0.35, 0.15, 0.56, 0.0006]
    assert "not significant" not in line
    similar = text.baseline_line({**BASELINE, "only_baseline_wrong": 37, "errors": 97, "accuracy": 0.9903})
    assert "not significant" in similar


def test_a_minus_sign_is_a_real_one() -> None:
    worse = {**BASELINE, "only_baseline_wrong": 35, "only_model_wrong": 70}
    assert "−0.35 points" in text.baseline_line(worse)


def test_only_reads_of_the_same_data_are_counted() -> None:
    line = text.readings_line(ENTRIES, "abc")
    assert "once: the result" in line
    assert "an evaluation" not in line
    assert text.readings_line(ENTRIES, "unknown") == ""


@pytest.mark.parametrize(("probability", "shown"), [(0.99999, "> 99.99%"), (0.5, "50.00%")])
def test_a_probability_is_never_rounded_to_certainty(probability: float, shown: str) -> None:
    assert f"four {shown}" in text.answer_line(prediction(probability=probability))
    assert "< 0.01%" in text.answer_line(prediction(probability=probability))


def test_columns_are_aligned_whatever_the_script_of_a_class_name() -> None:
    lines = text.table(["class", "n"], [["猫", "12"], ["dog", "7"], ["고양이", "3"]]).splitlines()
    assert lines == ["class    n", "猫      12", "dog      7", "고양이   3"]


def test_names_of_classes_cannot_colour_the_terminal() -> None:
    assert "\x1b" not in text.answer_line(prediction())


@pytest.mark.parametrize("at_least", [0.0, 0.92, 0.93])
def test_predictions_below_the_threshold_are_marked(at_least: float) -> None:
    plain = text.answer_line(prediction())
    assert (text.answer_line(prediction(at_least=at_least)) == plain) == (at_least <= 0.9213)


def test_the_lines_of_train_and_evaluate(gold: Any) -> None:
    metrics = {"test": TEST, "baseline": BASELINE, "train_seconds": 17.24, "epochs": 4}
    run = {"recipe": "mine", "config": {"epochs": 4, "validation": "test"}, "dataset": {"fingerprint": "of other data"}}
    none = {**THRESHOLD, "test": {"accuracy": None, "coverage": 0.0}}
    parts = [
        text.result_line(TEST),
        text.result_line({**TEST, "errors": 1}),
        *_details(run, metrics, 31.0),
        text.baseline_line({**BASELINE, "only_baseline_wrong": 37}),
        text.threshold_lines(THRESHOLD, "runs/my run"),
        text.threshold_lines(none, "runs/a"),
        text.probability_scores_line(TEST),
        text.readings_line(ENTRIES, "abc"),
        text.class_table(TEST),
    ]
    gold("cli/results", "\n\n".join(parts))


def test_the_lines_of_predict(gold: Any) -> None:
    sheet = [prediction(place=Place(5, 6, 20, 30, number, 2), at_least=0.5 * number) for number in (1, 2)]
    parts = [
        text.answer_line(prediction()),
        text.answer_line(prediction(at_least=0.95)),
        text.sheet_line(sheet),
        *(text.digit_line(each) for each in sheet),
        text.ood_warning(prediction(distance=8.2)),
        text.ood_warning(prediction(distance=8.2, place=Place(5, 6, 20, 30, 2, 3))),
    ]
    gold("cli/predict", "\n".join(parts))
