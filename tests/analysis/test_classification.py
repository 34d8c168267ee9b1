from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.classification import Confusion, class_scores, confusion, macro_f1_estimate

NOTEBOOK = np.array(
    [
        [976, 0, 0, 0, 0, 0, 1, 1, 1, 1],
        [0, 1129, 4, 2, 0, 0, 0, 0, 0, 0],
        [0, 0, 1025, 1, 1, 0, 0, 5, 0, 0],
        [0, 0, 3, 1005, 0, 2, 0, 0, 0, 0],
        [0, 1, 0, 0, 975, 0, 1, 0, 0, 5],
        [2, 0, 1, 8, 0, 877, 1, 0, 1, 2],
        [2, 5, 0, 1, 2, 2, 944, 0, 2, 0],
        [0, 2, 10, 3, 0, 0, 0, 1008, 0, 5],
        [3, 0, 4, 1, 0, 0, 0, 0, 965, 1],
        [0, 0, 0, 0, 7, 2, 0, 1, 0, 999],
    ]
)
"""The matrix that the notebook printed: rows true, columns predicted."""
DIGITS = tuple("0123456789")

labels_and_predictions = st.integers(2, 6).flatmap(
    lambda size: st.tuples(
        st.just(size), st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), min_size=1, max_size=60)
    )
)


@pytest.mark.slow
@given(labels_and_predictions)
def test_the_matrix_and_the_scores_equal_scikit_learns(case: tuple[int, list[tuple[int, int]]]) -> None:
    size, pairs = case
    labels, predictions = (np.array(column) for column in zip(*pairs, strict=True))
    ours = confusion(labels, predictions, DIGITS[:size])
    classes = list(range(size))
    assert np.array_equal(ours.counts, metrics.confusion_matrix(labels, predictions, labels=classes))
    expected = metrics.precision_recall_fscore_support(labels, predictions, labels=classes, zero_division=0)
    scores = class_scores(ours)
    assert np.allclose([score.precision for score in scores], expected[0])
    assert np.allclose([score.recall for score in scores], expected[1])
    assert np.allclose([score.f1 for score in scores], expected[2])
    assert [score.support for score in scores] == expected[3].tolist()
    for label, score in enumerate(scores):
        hits, called = int(ours.counts[label, label]), int(ours.counts[:, label].sum())
        bounds = proportion_confint(hits, called, method="wilson") if called else (0, 1)
        assert (score.precision_interval.low, score.precision_interval.high) == pytest.approx(bounds, abs=1e-12)
    macro = metrics.f1_score(labels, predictions, average="macro", zero_division=0)
    assert np.isclose(macro_f1_estimate(ours).value, macro)
    assert ours.correct == metrics.accuracy_score(labels, predictions, normalize=False)


def test_the_matrix_of_the_notebook_gives_its_recalls_and_confusions() -> None:
    matrix = Confusion(NOTEBOOK, DIGITS)
    assert (matrix.total, matrix.errors) == (10_000, 97)
    recalls = [f"{score.recall:.2%}" for score in class_scores(matrix)]
    assert recalls == ["99.59%", "99.47%", "99.32%", "99.50%", "99.29%", "98.32%", "98.54%", "98.05%", "99.08%", "99.01%"]
    pairs = [(pair.true, pair.predicted, pair.count) for pair in matrix.pairs(7)]
    assert pairs[:3] == [("7", "2", 10), ("5", "3", 8), ("9", "4", 7)]
    assert set(pairs[3:7]) <= {("2", "7", 5), ("4", "9", 5), ("6", "1", 5), ("7", "9", 5)}


def test_a_matrix_without_errors_has_no_confused_pairs() -> None:
    assert Confusion(np.diag([3, 4]), ("a", "b")).pairs() == ()


def test_a_class_without_images_has_the_widest_interval() -> None:
    empty = class_scores(Confusion(np.array([[3, 0], [0, 0]]), ("a", "b")))[1]
    assert (empty.recall, empty.support, empty.recall_interval.low, empty.recall_interval.high) == (0, 0, 0, 1)
