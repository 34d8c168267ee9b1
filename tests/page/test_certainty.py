"""The section on doubt: every part that was measured, in words that its numbers bear out; and nothing of the others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.analysis.attacks import Attacks, attacks_metrics
from convscope.analysis.corruptions.kinds import KINDS
from convscope.analysis.intervals import wilson
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
    assert f"The worst is {title}, with 0.0% (0.0–1.9%)." in certainty.robustness(page)


def test_no_corruption_is_the_worst_where_the_images_do_not_settle_it(digits_record: RunRecord) -> None:
    metrics = examined(digits_record)
    metrics["robustness"]["worst"] = None
    assert "do not settle" in certainty.robustness({"metrics": metrics})


def test_the_attack_that_turns_most_answers_is_named_by_its_size(page: dict[str, Any]) -> None:
    text = certainty.attacks(page)
    assert text.startswith("Anyone who knows the network")
    assert "up to ε = 0.100 more than half of its answers are wrong" in text
    assert text.endswith("The accuracies are upper bounds of what it withstands: a better attack may exist.")
    assert [row[0] for row in certainty.attack_rows(page)] == ["8/255", "0.100"]


@pytest.mark.parametrize(
    ("right", "said"), [(98, "Whether at ε = 0.100 it still gets half"), (130, "Even at ε = 0.100 it still gets more than half"),
                        (70, "more than half of its answers are wrong")],
)  # fmt: skip
def test_half_of_the_answers_count_as_turned_only_where_the_interval_says_so(
    page: dict[str, Any], right: int, said: str
) -> None:
    interval = wilson(right, 200)
    share = {"accuracy": right / 200, "interval": [interval.low, interval.high]}
    attacks = {**page["metrics"]["attacks"], "pgd": [page["metrics"]["attacks"]["pgd"][0], share]}
    assert said in certainty.attacks({"metrics": {"attacks": attacks}})


def strangers() -> dict[str, Any]:
    """Two sets, of which the distance tells the first worse than the second, and both as well as the confidence does."""

    def one(name: str, area: float) -> dict[str, Any]:
        found = {"value": area, "interval": [area - 0.02, area + 0.02]}
        return {"name": name, "title": name, "n": 60, "distance": found, "simultaneous_interval": [area - 0.03, area + 0.03],
                "confidence": found, "difference": {"value": 0.0, "interval": [-0.01, 0.01], "p": 1.0}, "adjusted_p": 1.0,
                "detection_rate": {"value": 0.5, "interval": [0.4, 0.6]}}  # fmt: skip

    false = {"count": 4, "n": 359, "value": 0.011, "interval": [0.004, 0.03]}
    return {"layer": "dense", "threshold": 0.5, "false_positive_rate": false, "worst": "letters", "skipped": [],
            "sets": [one("letters", 0.6), one("noise", 0.95)]}  # fmt: skip


def compared(*differences: tuple[float, float]) -> str:
    """The sentence on strange images, where distance and confidence differ so, with such a p for each set."""
    sets = [{"difference": {"value": value}, "adjusted_p": p} for value, p in differences]
    false = {"n": 359, "value": 0.011}
    return certainty.strangers(
        {"metrics": {"ood": {"layer": "dense", "threshold": 0.5, "false_positive_rate": false, "sets": sets}}}
    )


def test_distance_and_confidence_are_compared_by_a_test_and_not_by_which_area_is_larger() -> None:
    more, less, same = (0.1, 0.001), (-0.1, 0.001), (0.1, 0.4)
    assert "In none of these three sets does the distance" in compared(same, same, same)
    assert "In two of these three sets the distance tells strange images from known ones better" in compared(
        more, more, same
    )
    assert "; in one the difference may be chance (DeLong's test for pairs" in compared(more, more, same)
    assert compared(more, less).endswith(
        "In one of these two sets the distance tells strange images from known ones better than the confidence of the answer "
        "does, in one worse (DeLong's test for pairs, corrected for the number of sets)."
    )
    assert "In one of these two sets the distance tells strange images from known ones worse" in compared(less, same)
    assert compared().endswith("the more the better.")


def test_the_first_screen_has_as_many_findings_as_a_line_holds() -> None:
    def chosen(*lengths: int) -> list[int]:
        findings = [{"brief": "result"}, *({"brief": length * "x"} for length in lengths)]
        return [len(each["brief"]) for each in certainty.in_brief({"metrics": {"findings": findings}})]

    assert chosen() == []
    assert chosen(40, 50, 60, 10) == [40, 50, 60]
    assert chosen(40, 140, 60, 10) == [40, 60, 10]
    assert chosen(200, 40) == [200]


def test_how_often_the_test_split_was_read_stands_with_its_purposes(page: dict[str, Any]) -> None:
    assert certainty.readings({"readings": {}}) == ""
    assert certainty.readings({"readings": {"the result": 1, "the film": 3}}) == (
        "The test split was read 4 times: the result; the film (3 times). Nothing in this network was chosen by it."
    )


def test_only_suspects_that_are_in_the_page_can_be_opened(page: dict[str, Any]) -> None:
    assert page["suspects_shown"] == ["test-4"]
    assert [certainty.can_open(page, each) for each in page["metrics"]["label_audit"]["worst"]] == [False, True]


def test_confidence_is_judged_by_the_interval_of_its_gap(page: dict[str, Any]) -> None:
    for gap, words in (([0.01, 0.02], "too sure, by 1.00 to 2.00"), ([-0.02, -0.01], "too modest, by 1.00 to 2.00"),
                       ([-0.01, 0.01], "chance accounts for")):  # fmt: skip
        doubt = {**page["metrics"]["uncertainty"], "calibrated": None, "selected_on": "validation"}
        doubt["uncalibrated"] = {**doubt["uncalibrated"], "overconfidence": {"value": sum(gap) / 2, "interval": gap}}
        assert words in certainty.confidence({"metrics": {**page["metrics"], "uncertainty": doubt}})


def test_what_was_not_measured_is_named_with_the_command_that_would(digits_record: RunRecord) -> None:
    commands = [command for command, _ in certainty.not_measured(make_payload(digits_record))]
    assert commands == ["convscope evaluate . --thorough", "convscope audit ."]


def test_every_part_that_was_measured_stands_on_the_page_and_no_other(digits_record: RunRecord) -> None:
    def headings(metrics: dict[str, Any]) -> list[str]:
        text = render(replace(digits_record, metrics=metrics), [])
        section = re.search(r'<section id="sure".*?</section>', text, re.DOTALL)
        return re.findall(r"<h3[^>]*>(.*?)</h3>", section[0]) if section else []

    damaged = ["Damaged images", "Images changed on purpose", "Labels worth a second look"]
    assert headings(examined(digits_record))[-3:] == damaged
    assert not set(damaged) & set(headings(dict(digits_record.metrics)))
    assert headings({key: value for key, value in digits_record.metrics.items() if key != "uncertainty"}) == []
