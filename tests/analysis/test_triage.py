"""Cases made by hand: one for each rule, and one on either side of each limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convscope.analysis.triage import Signs, triage

AGAINST_THE_LABEL = Signs(0.98, 0.01, distance_ratio=1.6, epochs_correct=0, earlier_epochs=7)
TIE = Signs(0.55, 0.4, distance_ratio=1.05, epochs_correct=3, earlier_epochs=7)
FAULT = Signs(0.95, 0.03, distance_ratio=0.7, epochs_correct=0, earlier_epochs=7)


def kind(signs: Signs) -> str:
    return triage(signs, true="5", predicted="3").kind


def test_where_everything_speaks_against_the_label_the_label_is_suspect() -> None:
    found = triage(AGAINST_THE_LABEL, true="5", predicted="3")
    assert found.kind == "label suspect"
    assert found.reason == (
        "The label may be wrong: 3 gets 98.0% and 5 1.0%; its nearest training images of 5 are 1.6 times as far as those of 3; "
        "after none of 7 earlier epochs was it taken for 5."
    )
    assert found.signs == AGAINST_THE_LABEL


@pytest.mark.parametrize("change", [
    {"predicted_probability": 0.85}, {"true_probability": 0.06}, {"distance_ratio": 1.2}, {"distance_ratio": None},
    {"epochs_correct": 1}, {"votes": 4, "votes_for_prediction": 2, "votes_right": 2}, {"audited": True},
    {"audited": True, "audit_score": 0.79}, {"audited": True, "audit_score": 0.95, "votes": 4, "votes_right": 4},
])  # fmt: skip
def test_one_thing_that_does_not_speak_against_the_label_clears_it(change: dict[str, float]) -> None:
    assert kind(replace(AGAINST_THE_LABEL, **change)) != "label suspect"


def test_where_the_labels_were_audited_networks_that_never_saw_the_image_decide() -> None:
    unsure = replace(AGAINST_THE_LABEL, predicted_probability=0.6, distance_ratio=1.0, epochs_correct=3, audited=True)
    assert kind(unsure) == "ambiguous"
    found = triage(replace(unsure, audit_score=0.8), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert found.evidence[-1] == "networks of the label audit, which never saw it, doubt 5 with 0.80 of 1"
    assert triage(unsure, true="5", predicted="3").evidence[-1].endswith("do not doubt 5")
    assert kind(replace(unsure, audit_score=0.8, true_probability=0.06)) != "label suspect"


@pytest.mark.parametrize(("same", "right", "said"), [
    (8, 1, "8 of 9 other seeds read it as 3 too, 1 as 5"), (9, 0, "9 of 9 other seeds read it as 3 too"),
    (1, 8, "1 of 9 other seeds reads it as 3 too, 8 as 5"), (0, 9, "none of 9 other seeds reads it as 3, 9 as 5"),
])  # fmt: skip
def test_votes_are_told_in_words(same: int, right: int, said: str) -> None:
    signs = replace(FAULT, votes=9, votes_for_prediction=same, votes_right=right)
    assert triage(signs, true="5", predicted="3", voters="other seeds").evidence[-1] == said


def test_other_networks_that_answer_the_same_are_named() -> None:
    found = triage(replace(AGAINST_THE_LABEL, votes=4, votes_for_prediction=3), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert "3 of 4 other networks read it as 3 too" in found.reason


def test_after_a_single_epoch_history_says_nothing() -> None:
    found = triage(replace(AGAINST_THE_LABEL, earlier_epochs=0), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert "epoch" not in found.reason


def test_a_fair_share_for_the_label_makes_it_a_tie() -> None:
    found = triage(TIE, true="5", predicted="3")
    assert found.kind == "ambiguous"
    assert found.reason == (
        "It may be either: 3 gets 55.0% and 5 40.0%; training images of 5 and of 3 are about equally near; after 3 of 7 earlier "
        "epochs it was taken for 5."
    )
    assert kind(replace(FAULT, true_probability=0.2)) == "ambiguous"
    assert kind(replace(FAULT, true_probability=0.19)) == "model error"


@pytest.mark.parametrize(("change", "expected"), [
    ({"epochs_correct": 3}, "ambiguous"), ({"epochs_correct": 7}, "model error"), ({}, "model error"),
    ({"votes": 3, "votes_right": 1}, "ambiguous"), ({"votes": 3, "votes_right": 3}, "model error"),
    ({"epochs_correct": 3, "distance_ratio": 1.2}, "model error"), ({"epochs_correct": 3, "distance_ratio": 0.88}, "ambiguous"),
])  # fmt: skip
def test_equal_distances_make_it_a_tie_only_where_the_answer_has_changed(change: dict[str, float], expected: str) -> None:
    sure = Signs(0.9, 0.1, distance_ratio=1.0, earlier_epochs=7)
    assert kind(replace(sure, **change)) == expected


def test_what_nothing_speaks_for_is_the_networks_own() -> None:
    found = triage(replace(FAULT, epochs_correct=4, votes=2, votes_right=2), true="5", predicted="3")
    assert found.kind == "model error"
    assert found.reason == (
        "The label stands, as far as can be seen: 3 gets 95.0% and 5 3.0%; its nearest training images of 3 are 1.4 times as "
        "far as those of 5; after 4 of 7 earlier epochs it was taken for 5; none of 2 other networks reads it as 3, 2 as 5."
    )


def test_with_nothing_known_but_probabilities_there_is_an_answer_all_the_same() -> None:
    assert kind(Signs(0.9999, 1e-9)) == "model error"
    assert "3 gets over 99.9% and 5 under 0.1%" in triage(Signs(0.9999, 1e-9), true="5", predicted="3").reason
