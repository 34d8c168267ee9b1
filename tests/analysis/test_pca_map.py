"""The map of test images is that of principal component analysis, and says when there is none."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from sklearn.decomposition import PCA

import convscope
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.pca_map import MAX_FEATURES, MAX_POINTS, choose_points, measure_pca_map
from convscope.models.predictor import Predictor
from convscope.runs.record import RunRecord

Array = np.ndarray[Any, Any]


class Given:
    """Stands for a predictor whose last hidden layer is the images themselves."""

    def features_and_logits(self, images: Array) -> tuple[Array, Array]:
        return images, images


def place(activations: Array) -> Any:
    return measure_pca_map(cast("Predictor", Given()), activations, np.arange(len(activations)), "dense")


def test_the_map_of_a_run_is_that_of_scikit_learn(digits_record: RunRecord, digits_run: convscope.Run) -> None:
    assert digits_record.evidence is not None
    found = digits_record.evidence.pca_map
    assert found is not None
    images = digits_record.evidence.test_images
    activations, _ = Predictor(digits_run.folder / "model.onnx").features_and_logits(images)
    assert found.layer_name == digits_record.network.layers[-2].name
    assert np.array_equal(found.test_indices, digits_record.evidence.test_indices)
    assert_same_plane(found, activations)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (30, 30), (3, 2)])
def test_both_gram_matrices_give_the_same_components(shape: tuple[int, int]) -> None:
    activations = np.random.default_rng(0).normal(3, np.arange(1, shape[1] + 1), shape)
    assert_same_plane(place(activations), activations)


def assert_same_plane(found: Any, activations: Array) -> None:
    theirs = PCA(2, svd_solver="full").fit(activations.astype(np.float64))
    signs = np.sign((theirs.components_ * found.components).sum(axis=1))
    np.testing.assert_allclose(found.explained_variance_ratio, theirs.explained_variance_ratio_, atol=1e-6)
    np.testing.assert_allclose(found.components, theirs.components_ * signs[:, None], atol=1e-5)
    np.testing.assert_allclose(found.coordinates, theirs.transform(activations) * signs, atol=1e-4)
    assert (np.take_along_axis(found.components, abs(found.components).argmax(axis=1)[:, None], axis=1) > 0).all()
    assert found.coordinates.dtype == found.mean.dtype == found.components.dtype == np.float32


def test_points_on_a_line_have_a_map_whose_second_component_shows_nothing() -> None:
    for line in (np.outer(np.arange(5.0), [1, 2]), np.outer(np.arange(4.0), np.ones(9))):
        found = place(line)
        np.testing.assert_allclose(found.explained_variance_ratio, [1, 0], atol=1e-6)
        np.testing.assert_allclose(found.coordinates[:, 1], 0, atol=1e-5)


@pytest.mark.parametrize(
    "activations",
    [np.ones((9, 4)), np.eye(2, 4), np.eye(9, 1), np.full((9, 4), np.nan), np.eye(3, MAX_FEATURES + 1)],
    ids=["all the same", "two images", "one activation", "not finite", "too many activations"],
)
def test_without_a_plane_there_is_no_map(activations: Array) -> None:
    assert place(activations) is None


def test_errors_come_first_and_the_others_keep_their_classes() -> None:
    labels = np.tile(np.arange(5), 1000)
    logits = np.eye(5, dtype=np.float32)[labels]
    logits[:300] = np.roll(logits[:300], 1, axis=1)
    evaluation = Evaluation(labels, logits, tuple("abcde"))
    points = choose_points(evaluation, np.arange(5000), seed=0)
    assert len(np.unique(points)) == len(points) == MAX_POINTS
    assert set(range(300)) <= set(points.tolist())
    assert np.bincount(labels[points]).tolist() == [MAX_POINTS // 5] * 5
    assert (np.diff(points) > 0).all()
    half = choose_points(Evaluation(labels, np.roll(logits, 1, axis=1), tuple("abcde")), np.arange(5000), seed=0)
    assert (half >= 300).sum() >= MAX_POINTS // 2
    assert np.array_equal(choose_points(evaluation, np.arange(0, 5000, 4), seed=0), np.arange(0, 5000, 4))
