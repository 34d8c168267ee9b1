"""Suspects against cleanlab and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores

from convscope.analysis.label_audit.suspects import find_suspects, from_rows

LABELS = np.array([0, 1, 2, 0, 2])
PROBABILITIES = np.array([[0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.5, 0.49, 0.01], [0.4, 0.3, 0.3], [0.2, 0.2, 0.6]])


def test_suspects_are_the_labels_less_probable_than_another_class_in_order_of_score() -> None:
    audit = find_suspects({"train": (LABELS, PROBABILITIES)}, ("a", "b", "c"))
    assert audit.rows() == [
        ("train", 0, "a", "b", pytest.approx(0.75)),
        ("train", 2, "c", "a", pytest.approx(0.745)),
    ]
    assert audit.splits[0].suspects == (1, 0, 1)
    assert (audit.splits[0].n, audit.splits[0].scored) == (5, 5)


def test_scores_are_one_minus_the_label_quality_of_cleanlab() -> None:
    generator = np.random.default_rng(0)
    labels, probabilities = generator.integers(0, 5, 300), generator.dirichlet(np.ones(5), 300)
    audit = find_suspects({"test": (labels, probabilities)}, tuple("abcde"))
    quality = get_label_quality_scores(labels, probabilities, method="normalized_margin")
    assert audit.score == pytest.approx(1 - quality[audit.index], abs=1e-9)
    assert set(audit.index.tolist()) == set(np.flatnonzero(probabilities.argmax(axis=1) != labels).tolist())


def test_both_splits_are_ordered_together() -> None:
    audit = find_suspects(
        {"train": (LABELS, PROBABILITIES), "test": (LABELS[[0, 0]], np.array([[0.1, 0.9, 0], [0.9, 0.1, 0]]))}, tuple("abc")
    )
    assert audit.split.tolist() == ["test", "train", "train"]
    assert repr(audit) == "LabelAudit(2 of 5 in train, 1 of 2 in test)"


def test_images_without_predictions_are_no_suspects() -> None:
    probabilities = PROBABILITIES.copy()
    probabilities[0] = np.nan
    audit = find_suspects({"train": (LABELS, probabilities)}, ("a", "b", "c"))
    assert audit.index.tolist() == [2]
    assert audit.splits[0].scored == 4


def test_classes_may_be_missing_from_a_split() -> None:
    probabilities = np.array([[0.1, 0.1, 0.8], [0.9, 0.05, 0.05], [0.2, 0.1, 0.7]])
    audit = find_suspects({"test": (np.array([0, 0, 2]), probabilities)}, ("a", "b", "c"))
    assert audit.rows()[0][:4] == ("test", 0, "a", "c")
    alone = find_suspects({"test": (np.array([0]), probabilities[:1])}, ("a", "b", "c"))
    assert (len(alone), alone.splits[0].estimated_wrong) == (0, 0)


def test_probabilities_may_be_exactly_zero_and_one() -> None:
    audit = find_suspects({"train": (LABELS, np.eye(3)[[1, 1, 0, 0, 2]])}, ("a", "b", "c"))
    assert audit.score == pytest.approx([1, 1])


@pytest.mark.parametrize("rare", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 3, 30])
def test_a_class_that_is_never_predicted_has_no_suspects_and_a_note(rare: int, size: int) -> None:
    others = [label for label in range(3) if label != rare]
    labels = np.concatenate([np.repeat(others, 100), np.full(size, rare)])
    probabilities = np.full((len(labels), 3), 0.1)
    probabilities[np.arange(len(labels)), [*np.repeat(others, 100), *np.full(size, others[0])]] = 0.8
    probabilities[0] = np.roll(probabilities[0], others[1] - others[0])  # the only label error
    audit = find_suspects({"train": (labels, probabilities), "test": (labels[:200], probabilities[:200])}, tuple("abc"))
    assert audit.index.tolist() == [0, 0]
    assert {split.num_suspects for split in audit.splits} == {1}
    assert len(audit.notes) == 1
    assert f"predict {'abc'[rare]} for no training image" in audit.notes[0]


def test_an_audit_is_restored_from_its_rows_and_numbers() -> None:
    audit = find_suspects({"train": (LABELS, PROBABILITIES), "test": (LABELS, PROBABILITIES)}, ("a", "b", "c"), ["a note"])
    again = from_rows(audit.rows(), audit.as_dict(), ("a", "b", "c"))
    assert again.as_dict() == audit.as_dict()
    assert again.rows() == audit.rows()
