"""Hand-made cases: one for each rule, and one on either side of each limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convscope.analysis.mistakes.triage import MistakeEvidence, triage

from ...gold_files import GoldFiles  # type: ignore[import-not-found]

LABEL_ERROR = MistakeEvidence(
    0.98, 0.01, distance_ratio=1.6, epochs_correct=0, earlier_epochs=7, votes=3, votes_for_prediction=3
)
AMBIGUOUS = MistakeEvidence(0.55, 0.4, distance_ratio=1.05, epochs_correct=3, earlier_epochs=7)
MODEL_ERROR = MistakeEvidence(0.95, 0.03, distance_ratio=0.7, epochs_correct=0, earlier_epochs=7, votes=3, votes_right=3)
AUDITED = replace(
    LABEL_ERROR,
    votes=0,
    votes_for_prediction=0,
    predicted_probability=0.6,
    distance_ratio=1.0,
    epochs_correct=3,
    audited=True,
)


def kind(signs: MistakeEvidence) -> str:
    return triage(signs, true="5", predicted="3").kind


def test_all_evidence_against_the_label_makes_it_suspect() -> None:
    found = triage(LABEL_ERROR, true="5", predicted="3")
    assert found.kind == "label suspect"
    assert found.signs == LABEL_ERROR
    assert [number in part for number, part in zip(("98.0%", "1.6", "7", "3 of 3"), found.evidence, strict=True)] == [
        True
    ] * 4


@pytest.mark.parametrize("change", [
    {"predicted_probability": 0.85}, {"true_probability": 0.06}, {"distance_ratio": 1.2}, {"distance_ratio": None},
    {"epochs_correct": 1}, {"votes": 4, "votes_for_prediction": 2, "votes_right": 2}, {"audited": True},
    {"audited": True, "audit_score": 0.79},
    {"audited": True, "audit_score": 0.95, "votes": 4, "votes_for_prediction": 0, "votes_right": 4},
])  # fmt: skip
def test_one_piece_of_evidence_for_the_label_clears_it(change: dict[str, float]) -> None:
    assert kind(replace(LABEL_ERROR, **change)) != "label suspect"


def test_the_score_of_an_audit_replaces_confidence_distances_and_history() -> None:
    assert kind(AUDITED) == "ambiguous"
    found = triage(replace(AUDITED, audit_score=0.8), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert "0.80" in found.evidence[-1]
    assert kind(replace(AUDITED, audit_score=0.8, true_probability=0.06)) != "label suspect"


def test_other_networks_with_the_same_prediction_are_evidence() -> None:
    found = triage(replace(LABEL_ERROR, votes=4, votes_for_prediction=3), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert "3 of 4" in found.evidence[-1]


def test_after_a_single_epoch_there_is_no_history() -> None:
    found = triage(replace(LABEL_ERROR, earlier_epochs=0), true="5", predicted="3")
    assert found.kind == "label suspect"
    assert "epoch" not in found.reason


def test_one_earlier_epoch_is_not_called_all_of_them() -> None:
    found = triage(replace(AMBIGUOUS, epochs_correct=1, earlier_epochs=1), true="5", predicted="3")
    assert "predicted as 5 after an earlier epoch" in found.evidence


def test_a_probable_label_makes_the_image_ambiguous() -> None:
    assert kind(AMBIGUOUS) == "ambiguous"
    assert kind(replace(MODEL_ERROR, true_probability=0.2)) == "ambiguous"
    assert kind(replace(MODEL_ERROR, true_probability=0.19)) == "model error"


@pytest.mark.parametrize(("change", "expected"), [
    ({"epochs_correct": 3}, "ambiguous"), ({"epochs_correct": 7}, "model error"), ({}, "model error"),
    ({"votes": 3, "votes_right": 1}, "ambiguous"), ({"votes": 3, "votes_right": 3}, "model error"),
    ({"epochs_correct": 3, "distance_ratio": 1.2}, "model error"), ({"epochs_correct": 3, "distance_ratio": 0.88}, "ambiguous"),
])  # fmt: skip
def test_equal_distances_make_it_ambiguous_only_if_the_prediction_varies(change: dict[str, float], expected: str) -> None:
    confident = MistakeEvidence(0.9, 0.1, distance_ratio=1.0, earlier_epochs=7, audited=True)
    assert kind(replace(confident, **change)) == expected


def test_without_such_evidence_it_is_a_model_error() -> None:
    assert kind(replace(MODEL_ERROR, epochs_correct=4, votes=2, votes_right=2)) == "model error"
    assert kind(MistakeEvidence(0.9999, 1e-9, audited=True)) == "model error"


@pytest.mark.parametrize(
    "signs", [LABEL_ERROR, MODEL_ERROR, MistakeEvidence(0.9999, 1e-9), replace(LABEL_ERROR, earlier_epochs=0)]
)
@pytest.mark.parametrize("votes", [0, 1])
def test_without_witnesses_only_confidence_and_similarity_are_told(signs: MistakeEvidence, votes: int) -> None:
    """One other network is no witness either: three in a hundred errors at 94% accuracy that looked like it were wrong labels."""
    found = triage(replace(signs, votes=votes, votes_for_prediction=votes, votes_right=0), true="5", predicted="3")
    assert found.kind == "unjudged"
    assert found.reason.startswith("Probability ")
    assert not any(word in found.reason for word in ("label", "error", "ambiguous"))
    assert kind(replace(signs, votes=0, true_probability=0.3)) == "ambiguous"


def test_probabilities_are_never_rounded_to_0_or_100_percent() -> None:
    (evidence,) = triage(MistakeEvidence(0.99999, 1e-9), true="5", predicted="3").evidence
    assert "> 99.9%" in evidence
    assert "< 0.1%" in evidence


def test_the_sentences_are_those_of_the_snapshot(gold: GoldFiles) -> None:
    votes = [(8, 1), (9, 0), (1, 8), (0, 9)]
    cases = [
        LABEL_ERROR, AMBIGUOUS, replace(MODEL_ERROR, epochs_correct=4, votes=2, votes_right=2),
        MistakeEvidence(0.9999, 1e-9), replace(LABEL_ERROR, votes=0), AUDITED,
        replace(AUDITED, audit_score=0.8),
        *(replace(MODEL_ERROR, votes=9, votes_for_prediction=same, votes_right=correct) for same, correct in votes),
    ]  # fmt: skip
    gold(
        "analysis/triage",
        "\n".join(triage(case, true="5", predicted="3", voter_name="other seeds").reason for case in cases),
    )
