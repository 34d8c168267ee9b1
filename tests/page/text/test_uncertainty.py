"""The section on uncertainty: every part that was measured, and conclusions that follow the intervals and tests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.analysis.label_audit.suspects import LabelAudit, SplitAudit
from convscope.analysis.robustness.adversarial import Attacks, attacks_metrics
from convscope.analysis.robustness.background import background_of
from convscope.analysis.robustness.corruption_accuracy import Robustness, robustness_metrics
from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.analysis.statistics.proportions import wilson
from convscope.page.payload import make_payload
from convscope.page.render import render
from convscope.page.text import uncertainty
from convscope.runs.record import RunRecord

from ...gold_files import GoldFiles  # type: ignore[import-not-found]
from ..fixed_page import fixed_page, share  # type: ignore[import-not-found]


def examined(record: RunRecord, worst: int = 3) -> dict[str, Any]:
    """Metrics as after every further command: corruption number ``worst`` makes every prediction incorrect, the others none."""
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
        (SplitAudit("train", 1438, 1438, (1,) + 9 * (0,), 1, True), SplitAudit("test", 359, 359, (1,) + 9 * (0,), 1, True)),
    )  # fmt: skip
    return {**record.metrics, "robustness": robustness_metrics(robustness), "attacks": attacks_metrics(attacks),
            "label_audit": audit.as_dict()}  # fmt: skip


@pytest.fixture(scope="module")
def page(digits_record: RunRecord) -> dict[str, Any]:
    return make_payload(replace(digits_record, metrics=examined(digits_record)))


def ood_metrics() -> dict[str, Any]:
    """Two image sets: distance detects the second better than the first, and both as well as confidence does."""

    def one(name: str, area: float) -> dict[str, Any]:
        found = {"value": area, "interval": [area - 0.02, area + 0.02]}
        return {"name": name, "title": name, "n": 60, "distance": found, "simultaneous_interval": [area - 0.03, area + 0.03],
                "confidence": found, "difference": {"value": 0.0, "interval": [-0.01, 0.01], "p": 1.0}, "adjusted_p": 1.0,
                "detection_rate": {"value": 0.5, "interval": [0.4, 0.6]}}  # fmt: skip

    false = {"count": 4, "n": 359, "value": 0.011, "interval": [0.004, 0.03]}
    return {"layer": "dense", "threshold": 0.5, "false_positive_rate": false, "worst": "letters", "skipped": [],
            "sets": [one("letters", 0.6), one("noise", 0.95)]}  # fmt: skip


def better_score(*differences: tuple[float, float]) -> str:
    """The sentences on image sets whose distance and confidence differ so, with such a p-value each."""
    page = fixed_page()
    page["metrics"]["ood"]["sets"] = [{"difference": {"value": value}, "adjusted_p": p} for value, p in differences]
    return uncertainty.out_of_distribution(page)


def test_the_words_of_every_part(gold: GoldFiles) -> None:
    page = fixed_page()
    builders = (uncertainty.title, uncertainty.test_reads, uncertainty.calibration, uncertainty.threshold_choice,
                uncertainty.out_of_distribution,
                uncertainty.robustness, uncertainty.adversarial_attacks, uncertainty.label_audit)  # fmt: skip
    lines = [f"{each.__name__}: {each(page)}" for each in builders]
    page["metrics"]["uncertainty"]["calibrated"] = None
    page["metrics"]["robustness"]["worst"] = None
    page["metrics"]["attacks"]["pgd"] = [share(0.8, 0.74, 0.85), share(0.49, 0.42, 0.56)]
    same = (0.1, 0.4)
    lines += [
        uncertainty.calibration(page),
        uncertainty.robustness(page),
        uncertainty.adversarial_attacks(page),
        better_score(same, same),
    ]
    lines += [" | ".join(row) for row in (*uncertainty.thresholds(page), *uncertainty.attack_rows(page))]
    empty = {"metrics": {}}
    lines += [f"not measured: {' | '.join(each)}" for each in uncertainty.not_measured(empty)]
    gold("page/uncertainty", "\n".join(lines).replace("\xa0", " "))


def test_the_worst_corruption_is_named_only_if_it_significantly_is() -> None:
    page = fixed_page()
    assert "The worst corruption is fog: 61.0% (60.0–62.0%), 36.00 percentage points below shear" in uncertainty.robustness(
        page
    )
    page["metrics"]["robustness"]["worst"] = None
    assert "which kind is the worst is not shown" in uncertainty.robustness(page)
    del page["metrics"]["robustness"]["lowest"]  # a run of an earlier version
    assert "fog" not in uncertainty.robustness(page)


@pytest.mark.parametrize(("correct", "expected"), [(98, "too small"), (130, "above 50%"), (70, "below 50%")])
def test_accuracy_under_attack_is_above_or_below_half_only_if_the_interval_is(correct: int, expected: str) -> None:
    page, interval = fixed_page(), wilson(correct, 200)
    attacks = page["metrics"]["attacks"]
    attacks["pgd"] = [attacks["pgd"][0], share(correct / 200, interval.low, interval.high)]
    assert expected in uncertainty.adversarial_attacks(page)
    assert "0.300" in uncertainty.adversarial_attacks(page)
    assert [row[0] for row in uncertainty.attack_rows(page)] == ["8/255", "0.300"]


def test_distance_and_confidence_are_compared_by_a_test_and_not_by_which_area_is_larger() -> None:
    more, less, same = (0.1, 0.001), (-0.1, 0.001), (0.1, 0.4)
    assert "No difference between distance and confidence as scores is shown" in better_score(same, same, same)
    assert "better than confidence on two; on one" in better_score(more, more, same)
    assert "better than confidence on one and significantly worse than confidence on one" in better_score(more, less)
    assert "worse than confidence on one" in better_score(less, same)
    assert "better" not in better_score(less, same)
    assert "DeLong" not in better_score()


def test_the_first_screen_has_as_many_findings_as_a_line_holds() -> None:
    def chosen(*lengths: int) -> list[int]:
        findings = [{"brief": "result"}, *({"brief": length * "x"} for length in lengths)]
        return [len(each["brief"]) for each in uncertainty.brief_findings({"metrics": {"findings": findings}})]

    assert chosen() == []
    assert chosen(40, 50, 60, 10) == [40, 50, 60]
    assert chosen(40, 140, 60, 10) == [40, 60, 10]
    assert chosen(200, 40) == [200]


def test_reads_of_the_test_split_are_counted() -> None:
    assert uncertainty.test_reads({"test_reads": {}}) == ""
    assert "4 times" in uncertainty.test_reads({"test_reads": {"the result": 1, "the audit": 3}})


def test_only_suspects_that_are_in_the_page_can_be_opened(page: dict[str, Any]) -> None:
    assert page["suspects_shown"] == ["test-4"]
    assert [uncertainty.can_open(page, each) for _, listed in uncertainty.suspects(page) for each in listed] == [False, True]


@pytest.mark.parametrize(("ends", "expected"), [
    ([0.01, 0.02], "overconfident by 1.00 to 2.00"), ([-0.02, -0.01], "underconfident by 1.00 to 2.00"),
    ([-0.01, 0.01], "no difference is shown (95% CI of confidence minus accuracy: −1.00 to 1.00"),
])  # fmt: skip
def test_confidence_is_judged_by_the_interval_of_its_gap(ends: list[float], expected: str) -> None:
    page = fixed_page()
    page["metrics"]["uncertainty"]["calibrated"]["overconfidence"] = {"value": sum(ends) / 2, "interval": ends}
    assert expected in uncertainty.calibration(page)


def test_the_probabilities_are_called_calibrated_only_if_they_are() -> None:
    page = fixed_page()
    assert "are calibrated: logits are divided by a temperature of 1.13 (95% CI 1.04–1.22)" in uncertainty.calibration(page)
    scaling = page["metrics"]["uncertainty"]["temperature_scaling"]
    for ends, words in (([3.52, 100.0], "at least 3.52"), ([0.01, 0.71], "at most 0.71"), ([0.01, 100.0], "unbounded")):
        scaling["interval"] = ends  # the search ends at 0.01 and 100, where the interval does not
        assert f"a temperature of 1.13 (95% CI {words})" in uncertainty.calibration(page)
    del scaling["interval"]  # a run of an earlier version
    assert "a temperature of 1.13, fitted" in uncertainty.calibration(page)
    page["metrics"]["uncertainty"].update(temperature=None, calibrated=None)
    assert "are the softmax output" in uncertainty.calibration(page)
    assert "calibrated" not in uncertainty.calibration(page)
    page["metrics"]["uncertainty"]["temperature_scaling"] = None
    assert "no temperature could be fitted" in uncertainty.calibration(page)


def test_what_was_not_measured_is_named_with_the_command_that_would(digits_record: RunRecord) -> None:
    commands = [command for command, _ in uncertainty.not_measured(make_payload(digits_record))]
    assert commands == ["convscope evaluate . --thorough", "convscope audit ."]


def test_every_part_that_was_measured_is_on_the_page_and_no_other(digits_record: RunRecord) -> None:
    def headings(metrics: dict[str, Any]) -> list[str]:
        text = render(replace(digits_record, metrics=metrics), [])
        section = re.search(r'<section id="sure".*?</section>', text, re.DOTALL)
        return re.findall(r"<h3[^>]*>(.*?)</h3>", section[0]) if section else []

    assert len(headings(examined(digits_record))) == len(headings(dict(digits_record.metrics))) + 3
    assert headings({key: value for key, value in digits_record.metrics.items() if key != "uncertainty"}) == []
