from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chi2_contingency

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings.accuracy import is_most_frequent
from convscope.analysis.findings.find import find
from convscope.analysis.findings.finding import Finding
from convscope.analysis.findings.trust import at_least_wrong
from convscope.analysis.metrics import evaluation_metrics
from convscope.analysis.split_accuracy import SplitAccuracies
from convscope.analysis.statistics.paired import mid_p, paired_interval
from convscope.analysis.statistics.proportions import Accuracy, binomial_tail, simultaneous_wilson, wilson
from convscope.formatting import percent
from convscope.page.text.nouns import lines_in_words
from convscope.system.dataclass_json import to_json

from ...gold_files import GoldFiles  # type: ignore[import-not-found]


def splits(*, train: int, validation: int, test: int, confident: int = 2) -> dict[str, Any]:
    """Return the section on 5,000 training and validation images and 10,000 test images, by their correct predictions."""
    found = SplitAccuracies(Accuracy(train, 5000), Accuracy(validation, 5000), Accuracy(test, 10_000), confident)
    return to_json(found)


def metrics(errors: int = 97, *, baseline: int | None = 196, shared: int = 0, accuracy: float = 0.9903) -> dict[str, Any]:
    """Metrics of a network with ``errors`` errors and a baseline with ``baseline``, of which they share ``shared``."""
    labels = np.tile(np.arange(10), 1000)
    logits = np.eye(10)[labels] * 5
    logits[:errors] = np.eye(10)[(labels[:errors] * 0 + 3)] * 5  # predicted as 3
    result: dict[str, Any] = {
        "test": evaluation_metrics(Evaluation(labels, logits, tuple("0123456789"))),
        "splits": splits(train=round(accuracy * 5000), validation=4952, test=9903),
    }
    wrong = result["test"]["errors"]
    if baseline is not None:
        share = wilson(10_000 - baseline, 10_000)
        result["baseline"] = {"model_name": "ann", "errors": baseline, "accuracy": 1 - baseline / 10_000, "n": 10_000,
                              "error_ratio": wrong / baseline if baseline else None, "interval": [share.low, share.high],
                              "both_wrong": shared, "only_model_wrong": wrong - shared,
                              "only_baseline_wrong": baseline - shared}  # fmt: skip
    return result


def of_figure(values: dict[str, Any], figure: str) -> list[Finding]:
    """Return the findings whose evidence is in ``figure``."""
    return [finding for finding in find(values, model_name="cnn") if finding.figure == figure]


def test_the_accuracy_comes_first() -> None:
    values = metrics()
    first = find(values, model_name="cnn")[0]
    assert (first.value, list(first.interval)) == (values["test"]["accuracy"], values["test"]["interval"])
    assert percent(first.value) in first.text


def test_the_difference_from_the_baseline_is_measured_on_pairs() -> None:
    wrong = metrics(97)["test"]["errors"]
    (found,) = of_figure(metrics(97, baseline=196, shared=40), "baseline")
    interval = paired_interval(156, wrong - 40, 10_000)
    assert (found.value, list(found.interval)) == ((196 - wrong) / 10_000, [interval.low, interval.high])


def test_networks_with_overlapping_intervals_can_differ_significantly() -> None:
    """35 images favour one network and 70 the other; the 60 that both misclassify count for neither."""
    values = metrics(105, baseline=130, shared=60)
    wrong = values["test"]["errors"]
    assert values["test"]["interval"][0] < values["baseline"]["interval"][1]
    assert mid_p(wrong - 60, 70) < 0.005
    (found,) = of_figure(values, "baseline")
    assert found.interval[0] > 0
    assert "28% fewer errors" in found.text
    (alike,) = of_figure(metrics(97, baseline=100), "baseline")
    assert alike.interval[0] < 0 < alike.interval[1]
    assert "No difference in errors" in alike.text
    assert "fewer" not in alike.text + alike.brief


@pytest.mark.parametrize("errors", [0, 20])
def test_a_baseline_that_is_significantly_better_is_a_finding(errors: int) -> None:
    values = metrics(97, baseline=errors)
    (found,) = of_figure(values, "baseline")
    assert found.interval[1] < 0
    assert found.brief == f"The plain network makes fewer errors ({errors} vs {values['test']['errors']})"


def test_without_a_baseline_there_is_no_comparison() -> None:
    assert of_figure(metrics(baseline=None), "baseline") == []


@pytest.mark.parametrize(("accuracy", "direction"), [(0.9999, 1), (0.95, -1), (0.9903, 0), (0.993, 0)])
def test_training_accuracy_is_a_finding_only_if_it_differs_significantly(accuracy: float, direction: int) -> None:
    found = of_figure(metrics(accuracy=accuracy), "accuracy")
    assert [np.sign(each.value) for each in found] == [direction] * (direction != 0)
    assert all(("fits the images it was trained on" in each.text) == (direction > 0) for each in found)


@pytest.mark.parametrize(("validation", "test", "differ"), [(4976, 9651, True), (4952, 9950, True), (4952, 9903, False)])
def test_validation_and_test_accuracy_are_a_finding_if_they_differ_significantly(
    validation: int, test: int, differ: bool
) -> None:
    values = metrics()
    values["splits"] = splits(train=validation, validation=validation, test=test)
    found = of_figure(values, "accuracy")
    assert len(found) == differ
    assert all(f"{validation / 50:.2f}%" in each.text and f"{test / 100:.2f}%" in each.text for each in found)


@pytest.mark.parametrize(("validation", "test", "first"), [(4976, 9651, True), (4952, 9950, False)])
def test_a_harder_test_split_comes_before_the_baseline_and_an_easier_one_after(
    validation: int, test: int, first: bool
) -> None:
    values = metrics()
    values["splits"] = splits(train=validation, validation=validation, test=test)
    figures = [found.figure for found in find(values, model_name="cnn")][1:]
    assert (figures.index("accuracy") < figures.index("baseline")) == first


@pytest.mark.parametrize(
    ("errors", "confident", "noisy"),
    [
        (1000, 470, True),
        (250, 110, True),
        (40, 2, False),
        (1000, 150, False),
        (3, 2, False),
        (0, 0, False),
        (3000, 1400, False),
    ],
)
def test_labels_look_noisy_only_if_many_errors_are_confident(errors: int, confident: int, noisy: bool) -> None:
    values = metrics()
    right = 5000 - errors
    values["splits"] = splits(train=right, validation=right, test=2 * right, confident=confident)
    (found,) = of_figure(values, "accuracy") or (None,)
    assert (found is not None) == noisy
    assert found is None or "convscope audit" in found.text
    if noisy:  # an accuracy that always answering one class has, too, says nothing
        values["data"] = {"class_counts": {"validation": [right, errors]}}
        assert of_figure(values, "accuracy") == []
    values["data"], values["label_audit"] = {}, {"train": {"scored": 0, "suspects": 0}}
    assert of_figure(values, "accuracy") == []


def test_a_run_without_errors_has_no_findings_about_errors() -> None:
    (found,) = find(metrics(errors=0, baseline=0), model_name="cnn")
    assert found.value == 1


def uncertain(*, gap: list[float], target: float = 0.999, correct: int = 9895, answered: int = 9900) -> dict[str, Any]:
    """Metrics of a network with 99.03% test accuracy and 98.9% on 5,000 validation images."""
    values = metrics(97, baseline=None)
    estimate = {"value": 0.004, "interval": [0.003, 0.006]}
    side = {"overconfidence": {"value": sum(gap) / 2, "interval": gap}, "ece": estimate}
    share = wilson(correct, answered)
    test = {"coverage": answered / 10_000, "accuracy": correct / answered, "interval": [share.low, share.high]}
    values["uncertainty"] = {
        "temperature": 1.3, "selected_on": "validation", "n": 5000, "uncalibrated": side,
        "calibrated": {**side, "ece": {"value": 0.001, "interval": [0.0, 0.002]}},
        "risk_coverage": {"points": [{"selection_split": {"accuracy": 0.989}}]},
        "thresholds": [{"target_accuracy": 0.99, "threshold": 0.5, "test": test},
                       {"target_accuracy": target, "threshold": 0.987, "level": 0.95, "test": test}],
    }  # fmt: skip
    return values


def test_calibration_is_a_finding_only_if_it_is_significantly_off() -> None:
    (over,) = of_figure(uncertain(gap=[0.002, 0.006]), "reliability")
    assert (over.value, over.interval) == (pytest.approx(0.004), [0.002, 0.006])
    (under,) = of_figure(uncertain(gap=[-0.006, -0.002]), "reliability")
    assert (under.value, under.interval) == (pytest.approx(-0.004), [-0.006, -0.002])
    assert all("0.20 to 0.60" in each.text for each in (over, under))
    assert under.brief == "Slightly underconfident (by 0.20–0.60 points)"
    assert of_figure(uncertain(gap=[-0.001, 0.004]), "reliability") == []


def test_a_threshold_is_a_finding_only_if_accuracy_improves_significantly() -> None:
    (found,) = of_figure(uncertain(gap=[-1, 1]), "coverage")
    assert found.value == pytest.approx(9895 / 9900)
    assert found.interval[0] > 0.9947
    assert all(number in found.text for number in ("98.7%", "99.0%", "99.95%", "5,000", "99.9%"))
    assert found.brief == "When ≥ 98.7% confident (99.0% of images), it is right 99.95% of the time"
    (perfect,) = of_figure(uncertain(gap=[-1, 1], correct=9900), "coverage")
    assert perfect.brief == "No error among those ≥ 98.7% confident (99.0% of images)"
    assert of_figure(uncertain(gap=[-1, 1], correct=9810), "coverage") == []
    assert of_figure(uncertain(gap=[-1, 1], target=0.992), "coverage") == []  # does not halve the errors


def test_the_share_of_labels_that_the_audit_flags_is_a_finding() -> None:
    values = metrics()
    values["label_audit"] = {"suspects": 134, "train": {"scored": 60_000, "suspects": 120},
                             "test": {"scored": 10_000, "suspects": 14}}  # fmt: skip
    (found,) = of_figure(values, "label_audit")
    share = wilson(134, 70_000)
    assert (found.value, list(found.interval)) == (134 / 70_000, [share.low, share.high])
    for split in ("train", "test"):
        values["label_audit"][split]["suspects"] = 0
    assert of_figure(values, "label_audit") == []


def recalls(*hits: int, support: int = 1000) -> list[Finding]:
    """Return the finding on classes c0, c1, … with so many correct predictions each."""
    labels = np.repeat(np.arange(len(hits)), support)
    predictions = labels.copy()
    for label, number in enumerate(hits):
        predictions[label * support + number : (label + 1) * support] = (label + 1) % len(hits)
    names = tuple(f"c{label}" for label in range(len(hits)))
    values = {**metrics(), "test": evaluation_metrics(Evaluation(labels, np.eye(len(hits))[predictions] * 5.0, names))}
    return of_figure(values, "per_class")


def test_a_class_is_called_the_worst_only_if_its_interval_is_below_all_others() -> None:
    (worst,) = recalls(990, 985, 988, 900, 991)
    interval = simultaneous_wilson(900, 1000, 5)
    assert (worst.value, list(worst.interval)) == (0.9, [interval.low, interval.high])
    assert "c3 is significantly worse" in worst.text
    (lowest,) = recalls(900, 985, 988, 905, 991)
    assert lowest.value == 0.9
    assert "c0 is significantly worse" not in lowest.text


def test_classes_of_equal_recall_and_size_are_not_told_apart() -> None:
    names = tuple(f"class {label}" for label in range(30))
    labels = np.repeat(np.arange(30), 20)
    predictions = np.where(labels < 25, 29, labels)
    values = {"test": evaluation_metrics(Evaluation(labels, np.eye(30)[predictions] * 5, names))}
    texts = " ".join(finding.text for finding in find(values, model_name="cnn"))
    assert "never predicted: class 0, class 1, class 2, class 3, class 4 and 20 more." in texts
    assert ") for class 0 and 24 more to 100.00% for class 25 and 4 more." in texts
    values = {"test": evaluation_metrics(Evaluation(labels, np.eye(30)[np.full(600, 29)] * 5, names))}
    text = next(finding.text for finding in find(values, model_name="cnn") if "not significantly better" in finding.text)
    assert "always answering class 0, one of the largest classes, with 3.33% of the test images" in text
    values = {
        "test": evaluation_metrics(Evaluation(np.repeat([0, 1], [90, 10]), np.eye(2)[np.ones(100, int)] * 5, ("a", "b")))
    }
    worse = next(finding for finding in find(values, model_name="cnn") if "always answering a, the largest" in finding.text)
    assert worse.text.startswith("The network is significantly worse than always answering a")
    assert worse.brief == "Worse than always answering a (90.00%)"


def test_classes_differ_by_a_test_over_all_of_them() -> None:
    """The ends of ten recalls may differ although no two intervals are apart, and the other way round."""
    hits = [985, 986, 987, 988, 989, 990, 991, 992, 993, 972]
    apart = simultaneous_wilson(972, 1000, 10), simultaneous_wilson(993, 1000, 10)
    assert apart[0].high > apart[1].low
    (found,) = recalls(*hits)
    assert "p = 0.00" in found.text
    assert chi2_contingency([hits, [1000 - hit for hit in hits]]).pvalue < 0.01
    # Two 95% intervals that do not overlap are no evidence if the two classes were picked out of thirty.
    hits = [985] * 28 + [975, 993]
    assert wilson(975, 1000).high < wilson(993, 1000).low
    assert chi2_contingency([hits, [1000 - hit for hit in hits]]).pvalue > 0.05
    assert recalls(*hits) == []


def confused(**counts: int) -> list[Finding]:
    """Return the finding on confusions; ``_3_5=4`` stands for four images of 3 predicted as 5."""
    labels, predictions = list(np.tile(np.arange(10), 1000)), list(np.tile(np.arange(10), 1000))
    for cell, count in counts.items():
        true, predicted = (int(digit) for digit in cell.split("_")[1:])
        labels += [true] * count
        predictions += [predicted] * count
    evaluation = Evaluation(np.array(labels), np.eye(10)[predictions] * 5.0, tuple("0123456789"))
    values = {**metrics(), "test": evaluation_metrics(evaluation)}
    return of_figure(values, "confusion_matrix")[1:]  # the first is the accuracy


def spread(number: int) -> dict[str, int]:
    """Return ``number`` errors, each in a cell of its own."""
    return {f"_{true}_{predicted}": 1 for true, predicted in list(combinations(range(9), 2))[:number]}


@pytest.mark.parametrize(
    ("copies", "near", "words"),
    [
        (30, 0, "Of 10,000 test images, 30 equal a training image (0.3%)"),
        (400, 0, "Of 10,000 test images, 400 equal a training image (4.0%)"),
        (1, 200, "Of 10,000 test images, 1 equals and 200 nearly equal a training image (2.0%)"),
    ],
)
def test_copies_of_training_images_count_like_near_copies(copies: int, near: int, words: str) -> None:
    both, values = copies + near, metrics()
    others = 10_000 - both
    values["data"] = {"near_duplicates": {
        "n": near, "copies": copies, "share": both / 10_000, "interval": list(wilson(both, 10_000)), "images": [],
        "others": others, "accuracy_of_others": 0.9, "interval_of_others": list(wilson(0.9 * others, others)),
    }}  # fmt: skip
    found = of_figure(values, "class_counts")
    assert [finding.text.startswith(words) for finding in found] == ([True] if both >= 100 else [])


def test_one_confusion_is_the_most_frequent_if_it_beats_the_next_significantly() -> None:
    (found,) = confused(**spread(30), _9_4=14, _9_7=4)
    assert binomtest(14, 18).pvalue < 0.05
    interval = simultaneous_wilson(14, 48, 90)
    assert (found.value, list(found.interval)) == (14 / 48, [interval.low, interval.high])
    assert found.brief == "Most common mix-up: 9 read as 4 (14 of 48)"


def test_confusions_of_similar_frequency_are_named_together() -> None:
    (tied,) = confused(**spread(30), _9_4=9, _9_7=9)
    assert tied.value == 9 / 48
    assert "9 predicted as 4 (9) and 9 predicted as 7 (9)" in tied.text
    assert "Most common" not in tied.brief


def test_a_single_confusion_that_is_not_the_most_frequent_is_no_finding() -> None:
    """The heading of the mistakes says that none is, and a pill that names one would read as its contradiction."""
    assert confused(**spread(30), _9_4=7, _9_7=2) == []


def test_errors_that_are_spread_as_if_by_chance_name_no_confusion() -> None:
    assert confused(**spread(30)) == []
    assert confused(**spread(30), _9_4=2) == []


@pytest.mark.parametrize(("count", "n", "share"), [(14, 18, 0.5), (6, 97, 1 / 90), (1, 4, 1 / 6), (40, 5000, 1 / 1000)])
def test_binomial_tails_agree_with_scipy(count: int, n: int, share: float) -> None:
    assert binomial_tail(count, n, share) == pytest.approx(binom.sf(count - 1, n, share), rel=1e-9)


@pytest.mark.parametrize("shares", [[1 / 90] * 90, [0.15, 0.15] + [0.7 / 88] * 88, [0.05] * 10 + [0.5 / 80] * 80])
def test_equally_likely_confusions_yield_a_most_frequent_one_in_at_most_one_of_twenty_cases(shares: list[float]) -> None:
    """Several cells are equally likely, so none is the most frequent."""
    drawn = np.sort(np.random.default_rng(3).multinomial(97, shares, 2000), axis=1)
    named = sum(is_most_frequent([int(row[-1]), int(row[-2])]) for row in drawn)
    assert named <= binom(2000, 0.05).ppf(0.999)


def test_every_finding_has_a_number_inside_its_interval_a_short_form_and_is_json() -> None:
    found = find(full(), model_name="cnn")
    assert {each.figure for each in found} == {
        "confusion_matrix", "baseline", "per_class", "reliability", "coverage", "label_audit", "robustness",
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
    """Return metrics that give every kind of finding."""
    values = {**uncertain(gap=[0.002, 0.006]), "baseline": metrics(97, baseline=196)["baseline"]}
    values["splits"] = splits(train=5000, validation=4952, test=9903)
    values["test"]["per_class"][4]["recall"] = 0.9
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


def test_rows_and_columns_are_named_as_a_range_or_a_list() -> None:
    assert lines_in_words("row", [27]) == "row 27"
    assert lines_in_words("row", [26, 27]) == "rows 26 and 27"
    assert lines_in_words("column", [24, 25, 26]) == "columns 24 to 26"
    assert lines_in_words("row", [2, 5, 8]) == "rows 2, 5 and 8"
    assert lines_in_words("row", [1, 3, 5, 7, 9, 11, 13]) == "7 rows"


def test_no_share_of_labels_to_check_is_stated_where_the_networks_are_wrong_too_often() -> None:
    wrong = {"scored": 93, "suspects": 32, "estimated_wrong": 20, "is_lower_bound": False}
    for train, stated in (
        (wrong, False),
        ({**wrong, "estimated_wrong": 0}, False),
        ({**wrong, "is_lower_bound": True}, True),
    ):
        found = of_figure({**metrics(), "label_audit": {"train": train, "test": wrong}}, "label_audit")
        assert [each.value for each in found] == [32 / 93] * stated
    assert at_least_wrong(wrong) == " (the networks are wrong too often to estimate label errors)"


@pytest.mark.slow
def test_the_sentences_are_those_of_the_snapshot(gold: GoldFiles) -> None:
    audited = metrics()
    audited["label_audit"] = {"train": {"scored": 60_000, "suspects": 120}, "test": {"scored": 10_000, "suspects": 14}}
    shown = metrics()
    shown["label_audit"] = {"train": {"scored": 60_000, "suspects": 120, "estimated_wrong": 44, "is_lower_bound": True},
                            "test": {"scored": 10_000, "suspects": 14, "estimated_wrong": 9, "is_lower_bound": False}}  # fmt: skip
    chance = full()
    chance["ood"]["sets"][0] |= {"distance": {"value": 0.51}, "simultaneous_interval": [0.49, 0.53]}
    chance["robustness"]["worst"] = None
    scenes = {
        "every kind": find(full(), model_name="cnn"),
        "no errors": find(metrics(errors=0, baseline=0), model_name="cnn"),
        "similar baseline": of_figure(metrics(97, baseline=100), "baseline"),
        "underconfident": of_figure(uncertain(gap=[-0.006, -0.002]), "reliability"),
        "lower training accuracy": of_figure(metrics(accuracy=0.95), "accuracy"),
        "audit of both splits": of_figure(audited, "label_audit"),
        "audit that shows a number": of_figure(shown, "label_audit"),
        "no worst class": recalls(900, 985, 988, 905, 991),
        "another test split": of_figure({**metrics(), "splits": splits(train=4976, validation=4976, test=9651)}, "accuracy"),
        "noisy labels": of_figure(
            {**metrics(), "splits": splits(train=4000, validation=4000, test=8000, confident=470)}, "accuracy"
        ),
        "one confusion ahead": confused(**spread(30), _9_4=14, _9_7=4),
        "two frequent confusions": confused(**spread(30), _9_4=9, _9_7=9),
        "better baseline": of_figure(metrics(300, baseline=150), "baseline"),
        "faultless baseline": of_figure(metrics(97, baseline=0), "baseline"),
        "no worst corruption": of_figure(chance, "robustness"),
        "out-of-distribution images at chance": of_figure(chance, "ood"),
    }
    blocks = [
        f"# {scene}\n" + "\n".join(f"[{each.figure}] {each.text}\n    {each.brief}" for each in found)
        for scene, found in scenes.items()
    ]
    gold("analysis/findings", "\n\n".join(blocks))
