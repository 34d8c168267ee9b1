from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings import find
from convscope.analysis.intervals import simultaneous_wilson, wilson
from convscope.analysis.metrics import evaluation_metrics
from convscope.percent import percent

LAYERS = [
    {"name": "conv2d", "num_parameters": 160, "multiply_adds": 900},
    {"name": "dense", "num_parameters": 1840, "multiply_adds": 100},
]


def metrics(errors: int = 97, *, baseline: int | None = 196, accuracy: float = 0.9903) -> dict[str, Any]:
    labels = np.tile(np.arange(10), 1000)
    logits = np.eye(10)[labels] * 5
    logits[:errors] = np.eye(10)[(labels[:errors] * 0 + 3)] * 5  # taken for 3
    result: dict[str, Any] = {
        "test": evaluation_metrics(Evaluation(labels, logits, tuple("0123456789"))),
        "history": {"last_epoch": {"accuracy": accuracy, "val_accuracy": 0.9903}, "validation_interval": [0.988, 0.992]},
        "layers": LAYERS,
        "blind_pixels": {"rows": [26, 27], "columns": [26, 27], "layers": ["max_pooling2d_1"]},
    }
    wrong = result["test"]["errors"]
    if baseline is not None:
        share = 1 - baseline / 10_000
        result["baseline"] = {"model_name": "ann", "errors": baseline, "accuracy": share, "error_ratio": wrong / baseline,
                              "interval": [share - 0.003, share + 0.003]}  # fmt: skip
    return result


def texts(values: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in find(values, model_name="cnn"):
        found.setdefault(finding.figure, []).append(finding.text)
    return found


def test_the_first_finding_is_the_result_with_its_doubt() -> None:
    values = metrics()
    first = find(values, model_name="cnn")[0].text
    assert f"{percent(values['test']['accuracy'])} of 10,000 test images" in first
    assert percent(values["test"]["interval"][0]) in first
    assert f"{values['test']['errors']} images went wrong" in first


def test_a_baseline_with_overlapping_intervals_settles_nothing() -> None:
    assert "does not settle which is better" in texts(metrics(97, baseline=100))["baseline"][0]
    assert "their intervals do not overlap" in texts(metrics(97, baseline=300))["baseline"][0]


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    assert "baseline" not in texts(metrics(baseline=None))


@pytest.mark.parametrize(("accuracy", "said"), [(0.999, "better than new ones"), (0.95, "changed at random"), (0.9903, "")])
def test_a_gap_to_validation_is_only_named_beyond_its_interval(accuracy: float, said: str) -> None:
    found = " ".join(texts(metrics(accuracy=accuracy)).get("accuracy", []))
    assert said in found
    assert bool(found) == bool(said)


def test_where_parameters_and_work_are_is_named_with_their_shares() -> None:
    found = texts(metrics())["model_diagram"]
    assert found[0] == "92 % of the parameters are in dense, but 90 % of the work is done in conv2d."
    assert found[1].startswith("Input rows 26 to 27 and columns 26 to 27 can never change the answer")


def test_a_run_without_errors_has_no_sentence_about_errors() -> None:
    values = metrics(errors=0, baseline=1)
    values["baseline"]["error_ratio"] = None
    found = find(values, model_name="cnn")
    assert "none went wrong" in found[0].text
    assert {finding.figure for finding in found[1:]} == {"model_diagram"}


def doubted(*, gap: list[float], wanted: float = 0.999, right: int = 9895, answered: int = 9900) -> dict[str, Any]:
    """Of a network that is right on 99.03 % of the test images and on 98.9 % of 5,000 validation images."""
    values = metrics(97, baseline=None)
    estimate = {"value": 0.004, "interval": [0.003, 0.006]}
    side = {"gap": {"value": sum(gap) / 2, "interval": gap}, "ece": estimate}
    share = wilson(right, answered)
    test = {"coverage": answered / 10_000, "accuracy": right / answered, "interval": [share.low, share.high]}
    values["doubt"] = {
        "temperature": 1.3, "measured_on": "validation", "n": 5000, "before": side,
        "after": {**side, "ece": {"value": 0.001, "interval": [0.0, 0.002]}},
        "coverage": {"points": [{"measured": {"accuracy": 0.989}}]},
        "thresholds": [{"wanted": 0.99, "threshold": 0.5, "test": test}, {"wanted": wanted, "threshold": 0.987, "test": test}],
    }  # fmt: skip
    return values


def test_confidence_is_only_spoken_of_where_it_is_off_by_more_than_chance() -> None:
    accuracy = metrics(97)["test"]["accuracy"]
    (too_sure,) = texts(doubted(gap=[0.002, 0.006]))["reliability"]
    assert too_sure == (
        f"It is surer than it is right: its confidence is {percent(accuracy + 0.004)} on average and its accuracy "
        f"{percent(accuracy)}, 0.20 to 0.60 points apart; the calibration error is 0.40 % (0.30 % to 0.60 %), and 0.10 % "
        "(0.00 % to 0.20 %) after division by the temperature 1.30, fitted on 5,000 validation images."
    )
    (too_timid,) = texts(doubted(gap=[-0.006, -0.002]))["reliability"]
    assert too_timid.startswith("It is less sure than it is right")
    assert "0.20 to 0.60 points apart" in too_timid
    assert "reliability" not in texts(doubted(gap=[-0.001, 0.004]))


def test_a_threshold_is_named_where_it_buys_more_than_chance() -> None:
    (found,) = (each for each in find(doubted(gap=[-1, 1]), model_name="cnn") if each.figure == "coverage")
    assert found.text.startswith(
        "Where it is at least 98.7 % sure, as it is of 99.0 % of the test images, it is right on 99.95 %"
    )
    assert "chosen on 5,000 validation images, to be right on 99.9 %" in found.text
    assert found.value == pytest.approx(9895 / 9900)
    assert found.interval is not None
    assert found.interval[0] > 0.9947
    assert "coverage" not in texts(doubted(gap=[-1, 1], right=9810))
    assert "coverage" not in texts(doubted(gap=[-1, 1], wanted=0.992))  # does not halve the errors


def test_suspect_labels_are_counted_as_hints() -> None:
    values = metrics(97)
    values["mistakes"] = {"explained": 97, "triage": {"label suspect": 9, "ambiguous": 40, "model's fault": 48}}
    (text,) = texts(values)["mistakes"]
    assert text.startswith(
        "Of 97 mistakes, 9 (5 % to 17 %) look as if not the network but the label were wrong, 40 could be"
    )
    assert "hints" in text
    values["mistakes"]["triage"] = {"label suspect": 0, "ambiguous": 49, "model's fault": 48}
    assert "mistakes" not in texts(values)


def recalls(*hits: int, support: int = 1000) -> str:
    labels = np.repeat(np.arange(len(hits)), support)
    predictions = labels.copy()
    for label, number in enumerate(hits):
        predictions[label * support + number : (label + 1) * support] = (label + 1) % len(hits)
    names = tuple(f"c{label}" for label in range(len(hits)))
    values = {**metrics(), "test": evaluation_metrics(Evaluation(labels, np.eye(len(hits))[predictions] * 5.0, names))}
    return texts(values)["per_class"][0]


def test_a_class_is_called_the_worst_only_where_the_intervals_of_all_allow_it() -> None:
    assert "c3 is the worst of the 5, beyond chance" in recalls(990, 985, 988, 900, 991)
    assert "more than chance makes of the worst and the best of 5" in recalls(900, 985, 988, 905, 991)
    # Two intervals of 95 % that do not overlap are no evidence where the two were picked out of ten.
    hits = [985, 986, 987, 988, 989, 990, 991, 992, 993, 970]
    worst, best = wilson(970, 1000), wilson(993, 1000)
    assert worst.high < best.low
    apart = simultaneous_wilson(970, 1000, 10).high < simultaneous_wilson(993, 1000, 10).low
    assert ("may differ by chance" in recalls(*hits)) != apart
    assert "may differ by chance" in recalls(*[985] * 9, 972)


def test_the_worst_of_equal_classes_is_seldom_found_to_differ() -> None:
    """Ten classes of equal recall, 200 test sets: plain intervals would tell the worst from the best many times as often."""
    generator = np.random.default_rng(0)
    found = plain = 0
    for hits in generator.binomial(1000, 0.97, (200, 10)):
        low, high = int(hits.min()), int(hits.max())
        plain += wilson(low, 1000).high < wilson(high, 1000).low
        found += simultaneous_wilson(low, 1000, 10).high < simultaneous_wilson(high, 1000, 10).low
    assert found <= binom(200, 0.05).ppf(0.999)
    assert plain > found


def test_findings_carry_numbers_and_are_json() -> None:
    found = [asdict(each) for each in find(doubted(gap=[0.002, 0.006]), model_name="cnn")]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(each["value"] is not None for each in found)


def test_blind_pixels_are_laid_to_the_layers_that_drop_them() -> None:
    values = metrics()
    told = texts(values)["model_diagram"]
    assert (
        "Input rows 26 to 27 and columns 26 to 27 can never change the answer: no window of max_pooling2d_1 takes in what they "
        "lead to."
    ) in told
    values["blind_pixels"] = {"rows": [2, 5, 8], "columns": [9], "layers": ["stem", "conv"]}
    assert any("rows 2, 5 and 8 and column 9" in text and "stem and conv" in text for text in texts(values)["model_diagram"])
