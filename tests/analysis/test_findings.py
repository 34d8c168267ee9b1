from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings import Finding, find
from convscope.analysis.findings.confusions import _at_least, is_most_frequent
from convscope.analysis.findings.network import lines_in_words
from convscope.analysis.intervals import simultaneous_wilson, wilson
from convscope.analysis.mcnemar import mid_p
from convscope.analysis.metrics import evaluation_metrics
from convscope.analysis.paired_difference import paired_interval
from convscope.formatting import percent


def metrics(errors: int = 97, *, baseline: int | None = 196, shared: int = 0, accuracy: float = 0.9903) -> dict[str, Any]:
    """``errors`` images go wrong, and of the network beside ``baseline``, ``shared`` of them the same ones."""
    labels = np.tile(np.arange(10), 1000)
    logits = np.eye(10)[labels] * 5
    logits[:errors] = np.eye(10)[(labels[:errors] * 0 + 3)] * 5  # taken for 3
    result: dict[str, Any] = {
        "test": evaluation_metrics(Evaluation(labels, logits, tuple("0123456789"))),
        "history": {"last_epoch": {"accuracy": accuracy, "val_accuracy": 0.9903}, "validation_interval": [0.988, 0.992]},
    }
    wrong = result["test"]["errors"]
    if baseline is not None:
        share = wilson(10_000 - baseline, 10_000)
        result["baseline"] = {"model_name": "ann", "errors": baseline, "accuracy": 1 - baseline / 10_000, "n": 10_000,
                              "error_ratio": wrong / baseline if baseline else None, "interval": [share.low, share.high],
                              "both_wrong": shared, "only_model_wrong": wrong - shared,
                              "only_baseline_wrong": baseline - shared}  # fmt: skip
    return result


def texts(values: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in find(values, model_name="cnn"):
        found.setdefault(finding.figure, []).append(finding.text)
    return found


def of_figure(values: dict[str, Any], figure: str) -> list[Finding]:
    return [finding for finding in find(values, model_name="cnn") if finding.figure == figure]


def test_the_first_finding_is_the_result_with_its_doubt() -> None:
    values = metrics()
    first = find(values, model_name="cnn")[0].text
    assert f"{percent(values['test']['accuracy'])} of 10,000 test images" in first
    assert percent(values["test"]["interval"][0]) in first
    assert f"{values['test']['errors']} images went wrong" in first


def test_the_network_beside_is_told_apart_by_pairs_with_p_and_interval() -> None:
    values = metrics(97, baseline=196, shared=40)
    wrong = values["test"]["errors"]
    (found,) = of_figure(values, "baseline")
    interval = paired_interval(156, wrong - 40, 10_000)
    assert (found.value, list(found.interval)) == ((196 - wrong) / 10_000, [interval.low, interval.high])
    assert f"{wrong} against 196 of the same 10,000 test images" in found.text
    assert "more than chance makes (McNemar's test, mid-p < 0.0001)" in found.text
    assert f"({100 * interval.low:.2f} to {100 * interval.high:.2f})" in found.text


def test_overlapping_intervals_of_two_networks_on_the_same_images_do_not_make_them_alike() -> None:
    """35 images speak for one, 70 for the other, and the 60 that both get wrong for neither."""
    values = metrics(105, baseline=130, shared=60)
    wrong = values["test"]["errors"]
    assert values["test"]["interval"][0] < values["baseline"]["interval"][1]
    assert mid_p(wrong - 60, 70) < 0.005
    assert "more than chance makes" in of_figure(values, "baseline")[0].text
    alike = of_figure(metrics(97, baseline=100), "baseline")[0]
    assert "which chance alone could make" in alike.text
    assert "not to be told apart from the ANN" in alike.brief


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    assert "baseline" not in texts(metrics(baseline=None))


@pytest.mark.parametrize(("accuracy", "said"), [(0.999, "better than new ones"), (0.95, "changed at random"), (0.9903, "")])
def test_a_gap_to_validation_is_only_named_beyond_its_interval(accuracy: float, said: str) -> None:
    found = " ".join(texts(metrics(accuracy=accuracy)).get("accuracy", []))
    assert said in found
    assert bool(found) == bool(said)


def test_a_run_without_errors_has_no_sentence_about_errors() -> None:
    values = metrics(errors=0, baseline=0)
    (found,) = find(values, model_name="cnn")
    assert "none went wrong" in found.text


def doubted(*, gap: list[float], wanted: float = 0.999, right: int = 9895, answered: int = 9900) -> dict[str, Any]:
    """Of a network that is right on 99.03% of the test images and on 98.9% of 5,000 validation images."""
    values = metrics(97, baseline=None)
    estimate = {"value": 0.004, "interval": [0.003, 0.006]}
    side = {"overconfidence": {"value": sum(gap) / 2, "interval": gap}, "ece": estimate}
    share = wilson(right, answered)
    test = {"coverage": answered / 10_000, "accuracy": right / answered, "interval": [share.low, share.high]}
    values["uncertainty"] = {
        "temperature": 1.3, "selected_on": "validation", "n": 5000, "uncalibrated": side,
        "calibrated": {**side, "ece": {"value": 0.001, "interval": [0.0, 0.002]}},
        "risk_coverage": {"points": [{"selection_split": {"accuracy": 0.989}}]},
        "thresholds": [{"target_accuracy": 0.99, "threshold": 0.5, "test": test},
                       {"target_accuracy": wanted, "threshold": 0.987, "test": test}],
    }  # fmt: skip
    return values


def test_confidence_is_only_spoken_of_where_it_is_off_by_more_than_chance() -> None:
    accuracy = metrics(97)["test"]["accuracy"]
    (too_sure,) = texts(doubted(gap=[0.002, 0.006]))["reliability"]
    assert too_sure == (
        f"It is surer than it is right: its confidence is {percent(accuracy + 0.004)} on average and its accuracy "
        f"{percent(accuracy)}, 0.20 to 0.60 points apart; the calibration error is 0.40% (0.30% to 0.60%), and 0.10% "
        "(0.00% to 0.20%) after division by the temperature 1.30, fitted on 5,000 validation images."
    )
    (too_timid,) = texts(doubted(gap=[-0.006, -0.002]))["reliability"]
    assert too_timid.startswith("It is less sure than it is right")
    assert "0.20 to 0.60 points apart" in too_timid
    assert "reliability" not in texts(doubted(gap=[-0.001, 0.004]))


def test_a_threshold_is_named_where_it_buys_more_than_chance() -> None:
    (found,) = (each for each in find(doubted(gap=[-1, 1]), model_name="cnn") if each.figure == "coverage")
    assert found.text.startswith(
        "Where it is at least 98.7% sure, as it is of 99.0% of the test images, it is right on 99.95%"
    )
    assert "chosen on 5,000 validation images, to be right on 99.9%" in found.text
    assert found.value == pytest.approx(9895 / 9900)
    assert found.interval[0] > 0.9947
    assert "coverage" not in texts(doubted(gap=[-1, 1], right=9810))
    assert "coverage" not in texts(doubted(gap=[-1, 1], wanted=0.992))  # does not halve the errors


def test_suspect_labels_are_counted_as_hints() -> None:
    values = metrics(97)
    values["mistakes"] = {"explained": 97, "triage": {"label suspect": 9, "ambiguous": 40, "model error": 48}}
    (text,) = texts(values)["mistakes"]
    assert text.startswith("Of 97 mistakes, 9 (5% to 17%) look as if not the network but the label were wrong, 40 could be")
    assert "hints" in text
    values["mistakes"]["triage"] = {"label suspect": 0, "ambiguous": 49, "model error": 48}
    assert "mistakes" not in texts(values)


def test_labels_that_an_audit_doubts_are_a_finding_with_their_share() -> None:
    values = metrics()
    values["label_audit"] = {"suspects": 134, "train": {"scored": 60_000, "suspects": 120},
                             "test": {"scored": 10_000, "suspects": 14}}  # fmt: skip
    (found,) = of_figure(values, "label_audit")
    share = wilson(134, 70_000)
    assert (found.value, list(found.interval)) == (134 / 70_000, [share.low, share.high])
    assert "120 of 60,000 training images and 14 of 10,000 test images" in found.text
    assert f"{percent(134 / 70_000)} ({percent(share.low)} to {percent(share.high)})" in found.text
    for split in ("train", "test"):
        values["label_audit"][split]["suspects"] = 0
    assert of_figure(values, "label_audit") == []


def recalls(*hits: int, support: int = 1000) -> list[Finding]:
    labels = np.repeat(np.arange(len(hits)), support)
    predictions = labels.copy()
    for label, number in enumerate(hits):
        predictions[label * support + number : (label + 1) * support] = (label + 1) % len(hits)
    names = tuple(f"c{label}" for label in range(len(hits)))
    values = {**metrics(), "test": evaluation_metrics(Evaluation(labels, np.eye(len(hits))[predictions] * 5.0, names))}
    return of_figure(values, "per_class")


def test_a_class_is_called_the_worst_only_where_the_intervals_of_all_allow_it() -> None:
    (worst,) = recalls(990, 985, 988, 900, 991)
    assert "c3 is the worst of the 5, beyond chance" in worst.text
    interval = simultaneous_wilson(900, 1000, 5)
    assert (worst.value, list(worst.interval)) == (0.9, [interval.low, interval.high])
    assert f"90.00% ({percent(interval.low)} to {percent(interval.high)}) for c3" in worst.text
    assert "more than chance makes of the worst and the best of 5" in recalls(900, 985, 988, 905, 991)[0].text


def test_classes_that_may_differ_by_chance_are_not_spoken_of() -> None:
    # Two intervals of 95% that do not overlap are no evidence where the two were picked out of ten.
    hits = [985, 986, 987, 988, 989, 990, 991, 992, 993, 972]
    worst, best = wilson(972, 1000), wilson(993, 1000)
    assert worst.high < best.low
    assert recalls(*hits) == []
    assert recalls(*[985] * 9, 972) == []


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


def confused(**counts: int) -> list[Finding]:
    """``_3_5=4``: four images of 3 were taken for 5."""
    labels, predictions = list(np.tile(np.arange(10), 1000)), list(np.tile(np.arange(10), 1000))
    for places, count in counts.items():
        true, predicted = (int(digit) for digit in places.split("_")[1:])
        labels += [true] * count
        predictions += [predicted] * count
    evaluation = Evaluation(np.array(labels), np.eye(10)[predictions] * 5.0, tuple("0123456789"))
    values = {**metrics(), "test": evaluation_metrics(evaluation)}
    return [each for each in of_figure(values, "confusion_matrix") if "test images are classified" not in each.text]


def spread(number: int) -> dict[str, int]:
    """``number`` mistakes, each in a cell of its own."""
    return {f"_{true}_{predicted}": 1 for true, predicted in list(combinations(range(9), 2))[:number]}


def test_the_most_frequent_confusion_is_called_so_where_it_beats_the_next_by_more_than_chance() -> None:
    (found,) = confused(**spread(30), _9_4=14, _9_7=4)
    assert binomtest(14, 18).pvalue < 0.05
    assert found.text.startswith("The most frequent confusion, beyond chance, is 9 taken for 4: 14 of 48 mistakes")
    interval = simultaneous_wilson(14, 48, 90)
    assert (found.value, list(found.interval)) == (14 / 48, [interval.low, interval.high])
    assert f"({percent(interval.low, 0)} to {percent(interval.high, 0)}, with 90 pairs of classes looked at)" in found.text


def test_confusions_that_tie_or_nearly_so_are_named_together() -> None:
    (tied,) = confused(**spread(30), _9_4=9, _9_7=9)
    assert tied.text.startswith("9 taken for 4 (9) and 9 taken for 7 (9) are more frequent than 48 mistakes spread evenly")
    assert "which is the most frequent, they do not say" in tied.text
    (near,) = confused(**spread(30), _9_4=7, _9_7=2)
    assert near.text.startswith(
        "9 taken for 4 is more frequent than an even spread over the pairs of classes makes: 7 of 39"
    )


def test_mistakes_that_are_spread_as_chance_spreads_them_name_no_confusion() -> None:
    assert confused(**spread(30)) == []
    assert confused(**spread(30), _9_4=2) == []


@pytest.mark.parametrize(("count", "n", "share"), [(14, 18, 0.5), (6, 97, 1 / 90), (1, 4, 1 / 6), (40, 5000, 1 / 1000)])
def test_tails_are_those_of_scipy(count: int, n: int, share: float) -> None:
    assert _at_least(count, n, share) == pytest.approx(binom.sf(count - 1, n, share), rel=1e-9)


@pytest.mark.parametrize("shares", [[1 / 90] * 90, [0.15, 0.15] + [0.7 / 88] * 88, [0.05] * 10 + [0.5 / 80] * 80])
def test_no_confusion_is_called_the_most_frequent_wrongly_more_often_than_one_time_in_twenty(shares: list[float]) -> None:
    """Of cells of which several are equally likely none is the most frequent one."""
    drawn = np.sort(np.random.default_rng(3).multinomial(97, shares, 2000), axis=1)
    named = sum(is_most_frequent([int(row[-1]), int(row[-2])]) for row in drawn)
    assert named <= binom(2000, 0.05).ppf(0.999)


def test_every_finding_has_its_number_its_interval_and_few_words_and_is_json() -> None:
    found = find(full(), model_name="cnn")
    assert {each.figure for each in found} == {
        "confusion_matrix", "baseline", "per_class", "reliability", "coverage", "mistakes", "label_audit", "robustness",
        "attacks", "ood", "accuracy",
    }  # fmt: skip
    assert [each.figure for each in found].count("confusion_matrix") == 2
    for each in found:
        low, high = each.interval
        assert low <= each.value <= high, each
        assert low < high
        assert len(each.brief) <= 90, each.brief
        assert any(character.isdecimal() for character in each.brief)
        assert each.brief != each.text
    plain = [asdict(each) for each in found]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_different_runs_have_different_findings() -> None:
    runs = {
        "good": metrics(97, baseline=196, accuracy=0.9903),
        "overfitted": metrics(97, baseline=None, accuracy=0.9999),
        "faultless": metrics(0, baseline=0),
        "examined": full(),
    }
    kinds = {name: [finding.figure for finding in find(values, model_name="cnn")] for name, values in runs.items()}
    assert len({tuple(each) for each in kinds.values()}) == len(runs)
    texts_of = {name: {finding.text for finding in find(values, model_name="cnn")} for name, values in runs.items()}
    assert not set.intersection(*texts_of.values())


def full() -> dict[str, Any]:
    """Metrics in which every kind of finding has its evidence."""
    values = {**doubted(gap=[0.002, 0.006]), "baseline": metrics(97, baseline=196)["baseline"]}
    values["history"]["last_epoch"]["accuracy"] = 0.9999
    values["test"]["per_class"][4]["recall"] = 0.9
    values["mistakes"] = {"explained": 97, "triage": {"label suspect": 9, "ambiguous": 40, "model error": 48}}
    values["label_audit"] = {"train": {"scored": 60_000, "suspects": 120}}
    share = {"accuracy": 0.75, "interval": [0.73, 0.77]}
    kinds = [{"kind": "fog", "title": "fog", "accuracy": 0.2, "interval": [0.18, 0.22]}] * 15
    values["robustness"] = {"n": 1000, "mean": share, "clean": {"accuracy": 0.99}, "worst": "fog", "kinds": kinds}
    values["attacks"] = {"n": 500, "clean": {"accuracy": 0.99, "interval": [0.97, 1.0]}, "epsilons": [0.1],
                         "pgd": [{"accuracy": 0.1, "interval": [0.08, 0.12]}]}  # fmt: skip
    sets = [{"title": title, "distance": {"value": area}, "simultaneous_interval": [area - 0.03, area + 0.03]}
            for title, area in (("letters", 0.6), ("noise", 0.95))]  # fmt: skip
    values["ood"] = {"layer": "dense", "worst": "letters", "sets": sets}
    return values


def test_lines_of_the_input_are_named_as_people_name_them() -> None:
    assert lines_in_words("row", [27]) == "row 27"
    assert lines_in_words("row", [26, 27]) == "rows 26 and 27"
    assert lines_in_words("column", [24, 25, 26]) == "columns 24 to 26"
    assert lines_in_words("row", [2, 5, 8]) == "rows 2, 5 and 8"
    assert lines_in_words("row", [1, 3, 5, 7, 9, 11, 13]) == "7 rows"
