"""The figures of calibration and selective prediction show the numbers of the metrics."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.uncertainty.calibration import measure_calibration
from convscope.figures.figure import to_svg
from convscope.figures.gallery import illustrate
from convscope.figures.uncertainty import draw_coverage, draw_reliability
from convscope.formatting import percent
from convscope.runs.record import RunRecord
from convscope.system.dataclass_json import to_json


@pytest.fixture
def uncertainty(digits_record: RunRecord) -> dict[str, Any]:
    return deepcopy(digits_record.metrics["uncertainty"])


def words(svg: str) -> str:
    return " ".join(element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("text"))


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_the_reliability_diagram_is_about_the_probabilities_in_use(uncertainty: dict[str, Any], is_calibrated: bool) -> None:
    uncertainty["uncalibrated"] = deepcopy(uncertainty["uncalibrated"])
    uncertainty["uncalibrated"]["overconfidence"] = {"value": -0.05, "interval": [-0.06, -0.04]}
    uncertainty["uncalibrated"]["ece"] = {"value": 0.0481, "interval": [0.04, 0.06]}
    if not is_calibrated:
        uncertainty["calibrated"] = None
    used = uncertainty["calibrated"] or uncertainty["uncalibrated"]
    figure = draw_reliability(uncertainty)
    drawn = words(to_svg(figure))
    error = percent(used["ece"]["value"])
    assert figure.title.endswith(f"calibration error {error}")
    assert f"calibration error {error}" in drawn
    assert ("5.00 points below" in figure.title) is not is_calibrated
    assert ("4.81%" in figure.title + drawn + figure.alt_text) is not is_calibrated
    assert ("Without calibration the calibration error is 4.81%" in figure.caption) is is_calibrated
    for each in used["bins"]:
        assert f"{percent(each['accuracy'], 1)} ({percent(each['interval'][0], 1)}" in figure.alt_text


@pytest.mark.parametrize(("interval", "expected"), [([0.01, 0.03], "2.00 points above accuracy"),
                                                 ([-0.03, -0.01], "2.00 points below accuracy"),
                                                 ([-0.05, 0.01], "is shown (95% CI −5.00 to 1.00 points)")])  # fmt: skip
def test_its_title_states_the_direction_of_miscalibration(
    uncertainty: dict[str, Any], interval: list[float], expected: str
) -> None:
    uncertainty["calibrated"]["overconfidence"] = {"value": sum(interval) / 2, "interval": interval}
    assert expected in draw_reliability(uncertainty).title


def test_without_a_temperature_only_the_uncalibrated_side_is_drawn(uncertainty: dict[str, Any]) -> None:
    uncertainty.update(temperature=None, calibrated=None)
    figure = draw_reliability(uncertainty)
    assert "temperature" not in figure.title
    assert "temperature" not in words(to_svg(figure))


def test_the_curve_states_where_the_error_rate_is_halved_and_what_thresholds_reach(
    digits_record: RunRecord, uncertainty: dict[str, Any]
) -> None:
    figure = draw_coverage(digits_record.evaluation, uncertainty)
    assert "is halved at a coverage of" in figure.title
    svg = words(to_svg(figure))
    for each in uncertainty["thresholds"]:
        if each["threshold"] is not None:
            assert f"≥ {percent(each['threshold'], 1)}" in svg
            assert f"accuracy {percent(each['test']['accuracy'])}" in figure.alt_text


def test_a_network_with_no_errors_or_only_errors_is_drawn(uncertainty: dict[str, Any]) -> None:
    labels = np.arange(30) % 3
    names = ("a", "b", "c")
    uncertainty["thresholds"] = [{"target_accuracy": 0.999, "threshold": None}]
    perfect = draw_coverage(Evaluation(labels, np.eye(3)[labels] * 4.0, names), uncertainty)
    assert "No errors in 30 test images" in perfect.title
    hopeless = draw_coverage(Evaluation(labels, np.eye(3)[(labels + 1) % 3] * 4.0, names), uncertainty)
    assert "0.00%" in hopeless.title
    for each in (perfect, hopeless):
        assert "No threshold" in words(to_svg(each))


def test_a_network_that_is_certain_of_all_is_drawn(uncertainty: dict[str, Any]) -> None:
    certain = to_json(measure_calibration(np.eye(2)[[0, 1, 1]] * 900.0, np.array([0, 1, 1])))
    figure = draw_reliability({**uncertainty, "uncalibrated": certain, "calibrated": None, "temperature": None})
    assert "calibration error 0.00%" in figure.title
    to_svg(figure)


@pytest.mark.slow
def test_a_run_without_uncertainty_has_neither(digits_record: RunRecord) -> None:
    metrics = {name: value for name, value in digits_record.metrics.items() if name != "uncertainty"}
    names = [each.name for each in illustrate(replace(digits_record, metrics=metrics))]
    assert not {"reliability", "coverage"} & set(names)
