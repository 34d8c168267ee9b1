"""Nearest images and distances against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from convscope.analysis.mistakes.nearest_neighbours import NO_NEIGHBOUR, NearestNeighbourSearch
from convscope.analysis.ood.feature_distance import mean_knn_distance, measure_feature_distances, squared_distances

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


def test_the_mean_distance_is_that_of_scikit_learn_between_directions() -> None:
    near = NearestNeighbors(n_neighbors=5).fit(normalize(FEATURES)).kneighbors(normalize(OTHERS))[0]
    assert np.allclose(mean_knn_distance(OTHERS, FEATURES, 5), near.mean(axis=1))
    assert np.allclose(mean_knn_distance(7 * OTHERS, FEATURES, 5), near.mean(axis=1))


def test_an_image_that_stirs_nothing_is_as_far_from_every_direction() -> None:
    assert mean_knn_distance(np.zeros((1, FEATURES.shape[1])), FEATURES, 5) == pytest.approx([1])


def test_the_threshold_is_passed_by_one_known_image_in_a_hundred() -> None:
    found = measure_feature_distances(FEATURES, OTHERS, "dense")
    distances = mean_knn_distance(FEATURES, OTHERS, 5)
    assert len(found.distances) == 101
    assert found.distances[[0, 50, 100]] == pytest.approx([distances.min(), np.median(distances), distances.max()])
    assert (distances > found.threshold).sum() == 5
    assert found.layer_name == "dense"


def test_with_fewer_reference_images_than_neighbours_all_of_them_count() -> None:
    assert measure_feature_distances(FEATURES, OTHERS[:3], "dense").neighbours == 3
