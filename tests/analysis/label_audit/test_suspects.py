"""Suspects against cleanlab and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores

from convscope.analysis.label_audit.suspects import find_suspects, from_rows, worst_by_split

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
    assert audit.to_frame()["index"].tolist() == audit.index.tolist()


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


@pytest.mark.parametrize(("own_errors", "flips", "shown"), [
    (0.01, 0.0, True), (0.02, 0.2, True), (0.25, 0.0, False), (0.5, 0.05, False), (0.2, 0.05, False),
])  # fmt: skip
def test_a_number_of_label_errors_is_shown_only_where_the_networks_own_errors_do_not_make_it(
    own_errors: float, flips: float, shown: bool
) -> None:
    """Networks that err where they are not confident. Of 1,980 errors of poor ones, none a wrong label, 1,425 were estimated."""
    generator, n = np.random.default_rng(0), 3000
    true = np.arange(n) % 10
    ease = generator.random(n)
    confidence = np.clip(0.35 + 0.65 * ease, 0, 0.999)
    is_wrong = generator.random(n) < np.minimum(1, 3 * own_errors * (1 - ease) ** 2)
    predicted = np.where(is_wrong, (true + 1) % 10, true)
    probabilities = np.repeat(((1 - confidence) / 9)[:, None], 10, axis=1)
    probabilities[np.arange(n), predicted] = confidence
    flipped = generator.random(n) < flips
    labels = np.where(flipped, (true + 3) % 10, true)
    audit = find_suspects({"train": (labels, probabilities)}, tuple("0123456789"))
    (found,) = audit.splits
    assert found.is_lower_bound == shown
    if shown and flips:
        assert 0.5 * flipped.sum() <= found.estimated_wrong <= flipped.sum()


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.97, 0.03], [0.2] * 5, [0.6, 0.3, 0.1]])
def test_networks_that_do_not_know_the_classes_bound_no_label_errors(shares: list[float]) -> None:
    """Labels at random beside the networks' answers: of 150 with five classes, at least 120 were said to be wrong."""
    bounds = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        labels, predicted = (generator.choice(len(shares), 300, p=shares) for _ in range(2))
        probabilities = generator.dirichlet(np.ones(len(shares)), 300)
        best = probabilities.argmax(axis=1)
        rows = np.arange(300)
        probabilities[rows, best], probabilities[rows, predicted] = probabilities[rows, predicted], probabilities[rows, best]
        (found,) = find_suspects({"train": (labels, probabilities)}, tuple("abcde"[: len(shares)])).splits
        bounds += found.is_lower_bound
    assert bounds <= 4


def test_each_split_has_a_list_of_its_own() -> None:
    """In a list of both splits, one test image in a thousand would hardly be seen."""
    names = tuple("ab")
    clear, wrong = np.tile([0.9, 0.1], (200, 1)), np.tile([0.02, 0.98], (150, 1))
    other = np.tile([0.1, 0.9], (200, 1))
    train = np.r_[np.zeros(200, int), np.zeros(150, int), np.ones(200, int)], np.concatenate([clear, wrong, other])
    test = np.r_[np.zeros(200, int), [0], np.ones(200, int)], np.concatenate([clear, [[0.4, 0.6]], other])
    audit = find_suspects({"train": train, "test": test}, names)
    found = worst_by_split(audit.as_dict())
    assert [len(found[split]) for split in ("train", "test")] == [50, 1]
    assert [each["index"] for each in found["test"]] == [200]
    assert all(each["split"] == "test" for each in found["test"])
    together = {"worst": audit.listed(200), "train": {}, "test": {}}  # a run of an earlier version
    assert worst_by_split(together)["test"] == found["test"]
