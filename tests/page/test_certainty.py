"""The section on doubt: every part that was measured, in words that its numbers bear out; and nothing of the others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.analysis.attacks import Attacks, attacks_metrics
from convscope.analysis.corruptions.kinds import KINDS
from convscope.analysis.label_audit import LabelAudit, SplitAudit
from convscope.analysis.record import RunRecord
from convscope.analysis.robustness import Robustness, robustness_metrics
from convscope.data.background import background_of
from convscope.page import certainty
from convscope.page.document import render
from convscope.page.payload import make_payload


def examined(record: RunRecord, worst: int = 3) -> dict[str, Any]:
    """Metrics as after every further command: corruption number ``worst`` turns every answer, the others none."""
    assert record.evidence is not None
    number = 200
    places, right = np.arange(number), np.ones(number, bool)
    corrupted = np.ones((len(KINDS), 5, number), bool)
    corrupted[worst] = False
    background = background_of(record.evidence.test_images)
    robustness = Robustness(places, 359, 0, background, right, corrupted)
    epsilons = (8 / 255, 0.1)
    attacks = Attacks(places, 359, 0, 10, epsilons, right, np.stack([right, right]), np.stack([right, ~right]))
    audit = LabelAudit(
        np.array(["train", "test"]), np.array([10**6, 4]), np.array([1, 2]), np.array([7, 3]), np.array([0.99, 0.8]),
        record.evaluation.class_names,
        (SplitAudit("train", 1438, 1438, (1,) + 9 * (0,), 1), SplitAudit("test", 359, 359, (1,) + 9 * (0,), 1)),
    )  # fmt: skip
    return {**record.metrics, "robustness": robustness_metrics(robustness), "attacks": attacks_metrics(attacks),
            "label_audit": audit.as_dict()}  # fmt: skip


@pytest.fixture(scope="module")
def page(digits_record: RunRecord) -> dict[str, Any]:
    return make_payload(replace(digits_record, metrics=examined(digits_record)))


def test_the_worst_corruption_is_named_with_its_accuracy(page: dict[str, Any]) -> None:
    title = page["metrics"]["robustness"]["kinds"][3]["title"].lower()
    assert f"The worst is {title}, with 0.0\u00a0%." in certainty.robustness(page)


def test_no_corruption_is_the_worst_where_the_images_do_not_settle_it(digits_record: RunRecord) -> None:
    metrics = examined(digits_record)
    metrics["robustness"]["worst"] = None
    assert "do not settle" in certainty.robustness({"metrics": metrics})


def test_the_attack_that_turns_most_answers_is_named_by_its_size(page: dict[str, Any]) -> None:
    assert "up to ε = 0.100 more than half of its answers are wrong" in certainty.attacks(page)
    assert [row[0] for row in certainty.attack_rows(page)] == ["8/255", "0.100"]


def test_only_suspects_that_are_in_the_page_can_be_opened(page: dict[str, Any]) -> None:
    assert page["suspects_shown"] == ["test-4"]
    assert [certainty.can_open(page, each) for each in page["metrics"]["label_audit"]["worst"]] == [False, True]


def test_confidence_is_judged_by_the_interval_of_its_gap(page: dict[str, Any]) -> None:
    for gap, words in (([0.01, 0.02], "too sure, by 1.00 to 2.00"), ([-0.02, -0.01], "too modest, by 1.00 to 2.00"),
                       ([-0.01, 0.01], "chance accounts for")):  # fmt: skip
        doubt = {**page["metrics"]["doubt"], "after": None, "measured_on": "validation"}
        doubt["before"] = {**doubt["before"], "gap": {"value": sum(gap) / 2, "interval": gap}}
        assert words in certainty.confidence({"metrics": {**page["metrics"], "doubt": doubt}})


def test_what_was_not_measured_is_named_with_the_command_that_would(digits_record: RunRecord) -> None:
    commands = [command for command, _ in certainty.not_measured(make_payload(digits_record))]
    assert commands == ["convscope evaluate RUN --thorough", "convscope audit RUN"]


def test_every_part_that_was_measured_stands_on_the_page_and_no_other(digits_record: RunRecord) -> None:
    def headings(metrics: dict[str, Any]) -> list[str]:
        text = render(replace(digits_record, metrics=metrics), [])
        section = re.search(r'<section id="sure".*?</section>', text, re.DOTALL)
        return re.findall(r"<h3>(.*?)</h3>", section[0]) if section else []

    damaged = ["Damaged images", "Images changed on purpose", "Labels worth a second look"]
    assert headings(examined(digits_record))[-3:] == damaged
    assert not set(damaged) & set(headings(dict(digits_record.metrics)))
    assert headings({key: value for key, value in digits_record.metrics.items() if key != "doubt"}) == []
