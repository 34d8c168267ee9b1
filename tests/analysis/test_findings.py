from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings import find
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
        "blind_pixels": {"rows": [26, 27], "columns": [26, 27]},
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
