"""Comparisons of several networks on the same images: the tests, the sentences, and the rate of false positives."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom

from convscope.analysis.comparison import ComparedRun, Comparison, Costs, compare_evaluations
from convscope.analysis.comparison_text import hidden, of_pair, points, verdict
from convscope.analysis.evaluation import Evaluation

from ..gold_files import GoldFiles  # type: ignore[import-not-found]

COSTS = Costs(100, 2000, 0.1, 4096, 3.0)


def evaluation(answers: np.ndarray, labels: np.ndarray, classes: int = 3) -> Evaluation:  # type: ignore[type-arg]
    logits = np.zeros((len(labels), classes), np.float32)
    logits[np.arange(len(labels)), answers] = 2
    return Evaluation(labels, logits, tuple("abc"[:classes]))


def comparison(*wrong: slice | list[int], n: int = 1000) -> Comparison:
    """Return the comparison of networks that misclassify exactly these images."""
    labels = np.arange(n) % 3
    evaluations = []
    for indices in wrong:
        answers = labels.copy()
        answers[indices] = (answers[indices] + 1) % 3
        evaluations.append(evaluation(answers, labels))
    contestants = [
        ComparedRun(f"run{number}", "cnn", "standard", number, each.errors, each.accuracy, each.interval, COSTS)
        for number, each in enumerate(evaluations)
    ]
    return compare_evaluations(contestants, evaluations, dataset="made up")


def test_a_clear_difference_is_significant() -> None:
    found = comparison(slice(0, 10), slice(0, 50))
    (pair,) = found.pairs
    assert pair.significant
    assert pair.difference == pytest.approx(0.04)
    assert pair.better == 0
    assert pair.interval.low < 0.04 < pair.interval.high
    assert verdict(found).left_open == ""


def test_the_better_run_comes_first_in_any_order() -> None:
    one, other = verdict(comparison(slice(0, 50), slice(0, 10))), verdict(comparison(slice(0, 10), slice(0, 50)))
    assert one.evidence == other.evidence
    assert one.claim.startswith("run1")
    assert other.claim.startswith("run0")


def test_without_significance_the_largest_possible_differences_are_named() -> None:
    found = comparison(slice(0, 9), slice(5, 17))
    (pair,) = found.pairs
    assert not pair.significant
    said = verdict(found).left_open
    assert said.index(points(pair.interval.high)) < said.index(points(-pair.interval.low))


def test_networks_with_the_same_errors_are_alike_within_an_interval() -> None:
    found = comparison(slice(0, 9), slice(0, 9))
    (pair,) = found.pairs
    assert (pair.counts.discordant, pair.p) == (0, 1)
    assert points(pair.interval.high) == "0.38 points"
    assert "0.38 points" in hidden(found, pair)


def test_p_values_of_three_runs_are_corrected() -> None:
    found = comparison(slice(0, 10), slice(2, 13), slice(0, 80))
    assert [pair.significant for pair in found.pairs] == [False, True, True]
    assert all(pair.adjusted_p >= pair.p for pair in found.pairs)
    assert "run2" in verdict(found).claim.split(";")[1]


def test_the_sentences_are_those_of_the_snapshot(gold: GoldFiles) -> None:
    three = comparison(slice(0, 10), slice(2, 13), slice(0, 80))
    clear, none = comparison(slice(0, 5), slice(0, 60), slice(0, 80)), comparison([], [])
    pairs = [comparison(slice(0, 10), slice(0, 50)), comparison(slice(0, 50), slice(0, 10)),
             comparison(slice(0, 9), slice(5, 17)), comparison(slice(0, 9), slice(0, 9))]  # fmt: skip
    alike = comparison(slice(0, 10), slice(2, 13), slice(1, 12))
    said = [verdict(each) for each in (*pairs, none, three, clear, alike)] + [of_pair(three, each) for each in three.pairs]
    gold("analysis/comparison", "\n".join(map(str, said)))


def test_disagreements_are_the_images_with_different_predictions_and_those_without_a_correct_one_come_last() -> None:
    labels = np.zeros(6, int)
    one, other = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 1, 0, 1, 2, 0])
    evaluations = [evaluation(one, labels), evaluation(other, labels)]
    contestants = [ComparedRun("x", "", "", 0, 0, 0.0, evaluations[0].interval, COSTS)] * 2
    found = compare_evaluations(contestants, evaluations, dataset="")
    assert set(found.disagreements[:2]) == {1, 2}
    assert found.disagreements.tolist()[2:] == [4]
    assert found.all_wrong.tolist() == [3, 4]
    assert [(name, counts.n) for name, counts in found.by_class(found.pairs[0])] == [("a", 6)]


def test_the_numbers_are_json_and_add_up() -> None:
    numbers = json.loads(json.dumps(comparison(slice(0, 9), slice(5, 17), slice(0, 2)).as_dict(), allow_nan=False))
    assert [
        pair["both_right"] + pair["only_first"] + pair["only_second"] + pair["both_wrong"] for pair in numbers["pairs"]
    ] == [1000] * 3
    # At least one run misclassifies each of the images 0 to 16, and no image gets the same wrong class from all three.
    assert numbers["disagreements"] == len(numbers["disagreement_indices"]) == 17
    assert numbers["all_wrong"] == 0


def test_different_images_are_refused() -> None:
    one = evaluation(np.zeros(3, int), np.zeros(3, int))
    other = evaluation(np.zeros(3, int), np.ones(3, int))
    with pytest.raises(ValueError, match="same test images"):
        compare_evaluations([], [one, other], dataset="")


@pytest.mark.slow
def test_any_pair_of_four_equally_good_networks_differs_significantly_in_at_most_one_of_twenty_cases() -> None:
    trials, generator = 400, np.random.default_rng(3)
    labels = np.zeros(1500, int)
    false_positives = 0
    for _ in range(trials):
        hard = generator.random(1500) < 0.05
        evaluations = [evaluation((hard & (generator.random(1500) < 0.5)).astype(int), labels) for _ in range(4)]
        found = compare_evaluations([], evaluations, dataset="")
        false_positives += any(pair.significant for pair in found.pairs)
    assert false_positives <= binom.ppf(0.9999, trials, 0.05)
