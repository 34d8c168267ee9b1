from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from convscope.analysis.robustness.background import Background
from convscope.analysis.robustness.corruption_accuracy import Robustness, robustness_metrics
from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.figures.figure import Illustration, to_svg
from convscope.figures.robustness import draw_robustness


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    chances = np.linspace(0.99, 0.1, 75).reshape(15, 5, 1)
    chances[-1] /= 4  # so that the last kind is significantly the worst
    corrupted = np.random.default_rng(0).random((15, 5, 500)) < chances
    return {"robustness": robustness_metrics(
        Robustness(np.arange(500), 10_000, 0, Background((0,)), np.ones(500, np.bool_), corrupted)
    )}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(metrics: dict[str, Any]) -> Illustration:
    return draw_robustness(metrics)


def test_every_cell_has_its_number_and_every_row_its_kind_mean_and_interval(
    drawn: Illustration, metrics: dict[str, Any]
) -> None:
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", to_svg(drawn))
    for kind in metrics["robustness"]["kinds"]:
        assert kind["title"] in texts
        for cell in kind["strengths"]:
            assert f"{100 * cell['accuracy']:.1f}" in texts
        low, high = (100 * end for end in kind["interval"])
        assert f"{low:.1f}–{high:.1f}" in texts


def test_the_costliest_kind_stands_on_top(drawn: Illustration) -> None:
    svg = to_svg(drawn)
    assert svg.index(">canny edges<") < svg.index(">shot noise<")


def test_title_and_alternative_carry_the_numbers(drawn: Illustration, metrics: dict[str, Any]) -> None:
    assert "from 100.0% to " in drawn.title
    assert "canny edges is worst at " in drawn.title
    assert all(kind.title in drawn.alt_text for kind in KINDS.values())
    assert "10,000 test images" in drawn.caption


def test_without_a_worst_kind_the_title_says_so(metrics: dict[str, Any]) -> None:
    title = draw_robustness({"robustness": {**metrics["robustness"], "worst": None}}).title
    assert "canny edges" not in title
