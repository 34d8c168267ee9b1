"""The two figures of doubt say what the metrics say."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.record import RunRecord
from convscope.analysis.sureness import measure_calibration
from convscope.dataclass_json import to_json
from convscope.figures.coverage import draw_coverage
from convscope.figures.gallery import illustrate
from convscope.figures.reliability import draw_reliability
from convscope.figures.rendering import to_svg
from convscope.formatting import percent


@pytest.fixture
def doubt(digits_record: RunRecord) -> dict[str, Any]:
    return deepcopy(digits_record.metrics["uncertainty"])


def words(svg: str) -> str:
    return " ".join(element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("text"))


def test_the_reliability_diagram_tells_both_errors_and_every_bin(doubt: dict[str, Any]) -> None:
    figure = draw_reliability(doubt)
    for side in ("uncalibrated", "calibrated"):
        error = percent(doubt[side]["ece"]["value"])
        assert error in figure.title
        assert f"calibration error {error}" in words(to_svg(figure))
        for each in doubt[side]["bins"]:
            assert f"{percent(each['accuracy'], 1)} right ({percent(each['interval'][0], 1)}" in figure.alternative


@pytest.mark.parametrize(("interval", "said"), [([0.01, 0.03], "2.00 points higher than accuracy"),
                                                 ([-0.03, -0.01], "2.00 points lower than accuracy"),
                                                 ([-0.05, 0.01], "no more than chance")])  # fmt: skip
def test_its_title_says_which_way_it_is_off(doubt: dict[str, Any], interval: list[float], said: str) -> None:
    doubt["uncalibrated"]["overconfidence"] = {"value": sum(interval) / 2, "interval": interval}
    assert said in draw_reliability(doubt).title


def test_without_a_temperature_there_is_one_side(doubt: dict[str, Any]) -> None:
    doubt.update(temperature=None, calibrated=None)
    figure = draw_reliability(doubt)
    assert "temperature" not in figure.title
    assert "logits divided" not in words(to_svg(figure))


def test_the_curve_tells_where_the_errors_are_halved_and_what_thresholds_buy(
    digits_record: RunRecord, doubt: dict[str, Any]
) -> None:
    figure = draw_coverage(digits_record.evaluation, doubt)
    assert "are halved among the surest" in figure.title
    svg = words(to_svg(figure))
    for each in doubt["thresholds"]:
        assert f"≥ {percent(each['threshold'], 1)}" in svg
        assert f"{percent(each['test']['accuracy'])} right" in figure.alternative


def test_a_network_without_an_error_or_without_an_answer_worth_keeping_is_drawn_too(doubt: dict[str, Any]) -> None:
    labels = np.arange(30) % 3
    names = ("a", "b", "c")
    doubt["thresholds"] = []
    perfect = draw_coverage(Evaluation(labels, np.eye(3)[labels] * 4.0, names), doubt)
    assert perfect.title.startswith("No error among 30 test images")
    hopeless = draw_coverage(Evaluation(labels, np.eye(3)[(labels + 1) % 3] * 4.0, names), doubt)
    assert "whatever is left aside" in hopeless.title
    for each in (perfect, hopeless):
        assert "gives more than answering all does" in words(to_svg(each))


def test_a_network_that_is_certain_of_all_is_drawn(doubt: dict[str, Any]) -> None:
    certain = to_json(measure_calibration(np.eye(2)[[0, 1, 1]] * 900.0, np.array([0, 1, 1])))
    figure = draw_reliability({**doubt, "uncalibrated": certain, "calibrated": None, "temperature": None})
    assert "calibration error 0.00%" in figure.title
    to_svg(figure)


def test_a_run_without_uncertainty_has_neither(digits_record: RunRecord) -> None:
    metrics = {name: value for name, value in digits_record.metrics.items() if name != "uncertainty"}
    names = [each.name for each in illustrate(replace(digits_record, metrics=metrics))]
    assert not {"reliability", "coverage"} & set(names)
