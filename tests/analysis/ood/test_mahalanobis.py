"""The Mahalanobis distance to the nearest class against scikit-learn and SciPy, and its false alarms on simulated features."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import shrunk_covariance
from sklearn.metrics import roc_auc_score

from convscope.analysis.ood.mahalanobis import MAX_VALUES, MIN_IMAGES, SHRINKAGE, MahalanobisDistance
from convscope.types import Floats, Labels


def simulated(number: int, seed: int, *, classes: int = 10, size: int = 24) -> tuple[Floats, Labels]:
    """Features as after a ReLU: non-negative, of any length, around the mean of a class."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).gamma(0.5, 4, (classes, size))
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, max(number - classes, 0))])[:number]
    spread = np.random.default_rng(98).normal(size=(size, size)) / 4
    features = centres[labels] + random.normal(size=(number, size)) @ spread
    return np.maximum(features * random.uniform(0.5, 2, (number, 1)), 0).astype(np.float32), labels


def by_root_of_length(rows: Floats) -> Floats:
    return np.array([row / np.sqrt(np.linalg.norm(row)) for row in rows.astype(np.float64)])


def test_distances_are_those_of_scipy_by_the_shrunk_covariance_of_scikit_learn() -> None:
    (features, labels), (new, _) = simulated(300, 0), simulated(40, 1)
    rows = by_root_of_length(features)
    means = [rows[labels == label].mean(axis=0) for label in range(10)]
    residuals = np.array([row - means[label] for row, label in zip(rows, labels, strict=True)])
    inverse = np.linalg.inv(shrunk_covariance(residuals.T @ residuals / (300 - 10), SHRINKAGE))
    expected = [min(mahalanobis(row, mean, inverse) for mean in means) for row in by_root_of_length(new)]
    found = MahalanobisDistance.fit(features, labels, new, "dense")
    assert found.of(new) == pytest.approx(expected, rel=1e-4)
    assert found.distances == pytest.approx(np.percentile(expected, range(101), method="weibull"), rel=1e-4)
    assert found.layer_name == "dense"


@pytest.mark.parametrize(("number", "classes"), [(5000, 10), (500, 10), (310, 62), (20, 10)])
def test_one_new_image_in_a_hundred_is_beyond_the_threshold(number: int, classes: int) -> None:
    (fitted, labels), (held_out, _), (new, _) = (
        simulated(each, seed, classes=classes) for seed, each in enumerate((number, 2000, 20_000))
    )
    found = MahalanobisDistance.fit(fitted, labels, held_out, "dense")
    error = np.sqrt(0.01 * 0.99 * (1 / 2000 + 1 / 20_000))
    assert abs((found.of(new) > found.threshold).mean() - 0.01) < 3.5 * error


@pytest.mark.slow
@pytest.mark.parametrize(("held_out", "rate"), [(50, 1 / 51), (MIN_IMAGES, 0.01), (300, 0.01)])
def test_few_held_out_images_flag_one_new_image_in_a_hundred_on_average_and_too_few_flag_more(
    held_out: int, rate: float
) -> None:
    (fitted, labels), (new, _), (known, _) = simulated(500, 0), simulated(20_000, 1), simulated(200 * held_out, 2)
    limits = [MahalanobisDistance.fit(fitted, labels, each, "dense") for each in known.reshape(200, held_out, -1)]
    distances = np.sort(limits[0].of(new))
    rates = 1 - np.searchsorted(distances, [each.threshold for each in limits], side="right") / len(distances)
    assert abs(rates.mean() - rate) < 4 * rates.std() / np.sqrt(len(rates))


@pytest.mark.parametrize("number", [1, 2, 12, 64, 126])
def test_few_images_of_many_classes_have_finite_distances_that_tell_others_from_them(number: int) -> None:
    (features, labels), (known, _) = simulated(number, 0, classes=62), simulated(500, 1, classes=min(62, number))
    others = np.random.default_rng(5).gamma(0.3, 4, (500, 24))
    found = MahalanobisDistance.fit(features, labels, known, "dense")
    scores = found.of(np.concatenate([known, others]))
    assert np.isfinite(scores).all()
    assert found.means.shape == (min(number, 62), 24)
    assert roc_auc_score(np.repeat([0, 1], 500), scores) > 0.8


def test_a_class_of_two_images_has_its_own_mean() -> None:
    features, labels = simulated(300, 0)
    rare = np.zeros((2, 24), np.float32)
    rare[:, -1] = 1
    found = MahalanobisDistance.fit(np.concatenate([features, rare]), np.append(labels, [10, 10]), features, "dense")
    assert found.of(rare) == pytest.approx([0, 0], abs=1e-3)


def test_features_that_never_vary_are_no_division_by_zero() -> None:
    still = np.tile(np.array([1, 2, 0], np.float32), (200, 1))
    found = MahalanobisDistance.fit(still, np.zeros(200, np.int64), still, "dense")
    others = found.of(np.array([[1, 0, 0], [0, 0, 0]], np.float32))
    assert np.isfinite(others).all()
    assert others.min() > 1000 * found.of(still).max()


def test_many_features_take_little_memory_and_still_tell_others_from_known_ones() -> None:
    (features, labels), (known, _), (others, _) = (simulated(400, seed) for seed in (0, 1, 2))
    wide = np.random.default_rng(3).normal(size=(24, 1500)).astype(np.float32)
    found = MahalanobisDistance.fit(features @ wide, labels, known @ wide, "flatten")
    others = np.random.default_rng(5).permuted(others, axis=1)
    assert found.whitening.size <= MAX_VALUES
    assert roc_auc_score(np.repeat([0, 1], 400), found.of(np.concatenate([known, others]) @ wide)) > 0.95


def test_no_images_have_no_distances() -> None:
    features, labels = simulated(300, 0)
    assert MahalanobisDistance.fit(features, labels, features, "dense").of(features[:0]).shape == (0,)
