"""Several networks on the same images: who is told apart, what is said of it, and how often chance alone says so."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom

from convscope.analysis.comparison import Comparison, Contestant, Costs, compare_evaluations
from convscope.analysis.comparison_words import of_pair, points, verdict
from convscope.analysis.evaluation import Evaluation

COSTS = Costs(100, 2000, 0.1, 4096, 3.0)


def evaluation(answers: np.ndarray, labels: np.ndarray, classes: int = 3) -> Evaluation:  # type: ignore[type-arg]
    logits = np.zeros((len(labels), classes), np.float32)
    logits[np.arange(len(labels)), answers] = 2
    return Evaluation(labels, logits, tuple("abc"[:classes]))


def comparison(*wrong: slice | list[int], n: int = 1000) -> Comparison:
    """Of networks that are wrong on these images and right on all others."""
    labels = np.arange(n) % 3
    evaluations = []
    for places in wrong:
        answers = labels.copy()
        answers[places] = (answers[places] + 1) % 3
        evaluations.append(evaluation(answers, labels))
    contestants = [
        Contestant(f"run{number}", "cnn", "standard", number, each.errors, each.accuracy, each.interval, COSTS)
        for number, each in enumerate(evaluations)
    ]
    return compare_evaluations(contestants, evaluations, dataset="made up")


def test_a_clear_difference_is_told_with_its_numbers() -> None:
    found = comparison(slice(0, 10), slice(0, 50))
    said = str(verdict(found))
    assert found.pairs[0].told_apart
    assert said.startswith("run0 is better than run1: right on 99.00% against 95.00% of the same 1,000 test images")
    assert "4.00 points (95% interval 2.95 to 5.40 points; McNemar's test, mid-p < 0.0001)" in said


def test_the_better_one_comes_first_in_the_sentence_whatever_the_order() -> None:
    assert verdict(comparison(slice(0, 50), slice(0, 10))).evidence == verdict(
        comparison(slice(0, 10), slice(0, 50))
    ).evidence.replace("run0", "run1")


def test_what_cannot_be_told_apart_says_how_much_could_still_hide() -> None:
    found = comparison(slice(0, 9), slice(5, 17))
    said = str(verdict(found))
    assert not found.pairs[0].told_apart
    assert said.startswith("run0 and run1 can't be told apart: 9 and 12 of the same 1,000 test images went wrong")
    interval = found.pairs[0].interval
    assert f"run0 could still be better by up to {points(interval.high)}, run1 by up to {points(-interval.low)}" in said


def test_networks_that_fail_on_the_same_images_are_alike_and_the_doubt_is_kept() -> None:
    said = str(verdict(comparison(slice(0, 9), slice(0, 9))))
    assert "right and wrong on the very same of the 1,000 test images, 9 wrong" in said
    assert "could still be better by up to 0.38 points" in said


def test_of_three_the_best_is_named_and_who_is_not_told_apart_from_it() -> None:
    found = comparison(slice(0, 10), slice(2, 13), slice(0, 80))
    assert verdict(found).claim == "run0 and run1 can't be told apart; run2 does worse"
    assert [pair.told_apart for pair in found.pairs] == [False, True, True]
    assert all(pair.adjusted_p >= pair.p for pair in found.pairs)
    assert "corrected for the number of pairs" in str(of_pair(found, found.pairs[1]))
    clear = comparison(slice(0, 5), slice(0, 60), slice(0, 80))
    assert verdict(clear).claim == "run0 is better than every other run"


def test_disagreements_are_the_images_on_which_answers_differ_and_those_of_nobody_come_last() -> None:
    labels = np.zeros(6, int)
    one, other = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 1, 0, 1, 2, 0])
    evaluations = [evaluation(one, labels), evaluation(other, labels)]
    contestants = [Contestant("x", "", "", 0, 0, 0.0, evaluations[0].interval, COSTS)] * 2
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
    # On images 0 to 16 somebody is wrong; all three give the same wrong answer on none of them.
    assert numbers["disagreements"] == len(numbers["disagreement_indices"]) == 17
    assert numbers["all_wrong"] == 0


def test_different_images_are_refused() -> None:
    one = evaluation(np.zeros(3, int), np.zeros(3, int))
    other = evaluation(np.zeros(3, int), np.ones(3, int))
    with pytest.raises(ValueError, match="same test images"):
        compare_evaluations([], [one, other], dataset="")


def test_any_two_of_four_equally_good_networks_are_told_apart_in_at_most_one_case_of_twenty() -> None:
    trials, generator = 400, np.random.default_rng(3)
    labels = np.zeros(1500, int)
    wrongly = 0
    for _ in range(trials):
        hard = generator.random(1500) < 0.05
        evaluations = [evaluation((hard & (generator.random(1500) < 0.5)).astype(int), labels) for _ in range(4)]
        found = compare_evaluations([], evaluations, dataset="")
        wrongly += any(pair.told_apart for pair in found.pairs)
    assert wrongly <= binom.ppf(0.9999, trials, 0.05)
