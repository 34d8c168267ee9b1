"""Nearest images and distances against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from convscope.analysis.mistakes.nearest_neighbours import NO_NEIGHBOUR, NearestNeighbourSearch
from convscope.analysis.ood.mahalanobis import squared_distances

FEATURES = np.random.default_rng(0).normal(3, 1, (500, 12)).astype(np.float32)
LABELS = np.random.default_rng(1).integers(0, 4, 500)
OTHERS = np.random.default_rng(2).normal(3, 1, (40, 12)).astype(np.float32)
CLASSES = np.random.default_rng(3).integers(0, 4, 40)


@pytest.mark.parametrize("block", [500, 64, 1])
def test_the_nearest_of_a_class_are_those_of_scikit_learn_whatever_the_blocks(block: int) -> None:
    search = NearestNeighbourSearch(OTHERS, CLASSES)
    for start in range(0, 500, block):
        part = slice(start, start + block)
        search.add(FEATURES[part], LABELS[part], np.arange(1000, 1500)[part])
    for row, label in enumerate(CLASSES):
        members = np.flatnonzero(label == LABELS)
        nearest = NearestNeighbors(n_neighbors=3).fit(FEATURES[members]).kneighbors(OTHERS[row : row + 1])[1][0]
        assert search.indices[row].tolist() == (1000 + members[nearest]).tolist()


def test_a_class_with_too_few_images_leaves_places_empty() -> None:
    search = NearestNeighbourSearch(OTHERS[:2], np.array([0, 1]))
    search.add(FEATURES[:2], np.array([0, 0]), np.array([7, 8]))
    assert sorted(search.indices[0]) == [NO_NEIGHBOUR, 7, 8]
    assert search.indices[0, 2] == NO_NEIGHBOUR
    assert search.indices[1].tolist() == [NO_NEIGHBOUR] * 3


def test_of_equal_images_the_first_comes_first() -> None:
    search = NearestNeighbourSearch(np.zeros((1, 2), np.float32), np.array([0]))
    for start in (0, 3):
        search.add(np.ones((3, 2), np.float32), np.zeros(3, np.int64), np.arange(start, start + 3))
    assert search.indices.tolist() == [[0, 1, 2]]


def test_distances_are_exact_where_they_are_small_against_the_features() -> None:
    far = np.full((1, 3), 1000.0)
    assert squared_distances(far, far + np.array([0.001, 0, 0])) == pytest.approx(1e-6, rel=1e-3)
