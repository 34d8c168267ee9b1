"""The area against scikit-learn, its interval against DeLong by a double loop, and its coverage by simulation."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from sklearn.metrics import roc_auc_score

from convscope.analysis.statistics.auroc import _newcombe_interval, auroc, auroc_difference
from convscope.analysis.statistics.proportions import Z_95

from ...simulation import holds  # type: ignore[import-not-found]


def test_the_area_equals_scikit_learns_including_ties() -> None:
    generator = np.random.default_rng(0)
    high, low = generator.integers(3, 9, 200).astype(float), generator.integers(0, 7, 90).astype(float)
    truth = np.repeat([1, 0], [200, 90])
    assert auroc(high, low).value == pytest.approx(roc_auc_score(truth, np.concatenate([high, low])), abs=1e-12)
    assert auroc(low, high).value == pytest.approx(1 - auroc(high, low).value)


def test_the_interval_of_a_moderate_area_is_delongs_by_a_double_loop() -> None:
    generator = np.random.default_rng(1)
    high, low = generator.normal(0.8, 4, 150), generator.normal(0, 1, 160)
    wins = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in low] for a in high])
    area = wins.mean()
    variance = wins.mean(axis=1).var(ddof=1) / 150 + wins.mean(axis=0).var(ddof=1) / 160
    middle, spread = log(area / (1 - area)), Z_95 * sqrt(variance) / (area * (1 - area))
    found = auroc(high, low)
    assert found.interval.low == pytest.approx(1 / (1 + exp(-(middle - spread))), rel=1e-9)
    assert found.interval.high == pytest.approx(1 / (1 + exp(-(middle + spread))), rel=1e-9)


def test_newcombes_interval_ends_where_the_score_test_rejects() -> None:
    for area, first, second in ((0.5, 20, 30), (0.97, 100, 100), (1.0, 50, 40), (0.0, 50, 40)):
        ends = _newcombe_interval(area, first, second)
        for end in (ends.low, ends.high):
            mean = (first + second) / 2
            spread = end * (1 - end) * (1 + (mean - 1) * ((1 - end) / (2 - end) + end / (1 + end))) / first / second
            assert abs(area - end) == pytest.approx(Z_95 * sqrt(spread), abs=1e-9) or end in (0.0, 1.0)
        assert ends.low <= area <= ends.high


def test_an_area_of_one_is_not_certain() -> None:
    found = auroc(np.arange(10.0) + 100, np.arange(20.0))
    assert found.value == found.interval.high == 1
    assert 0.7 < found.interval.low < 0.95


def test_fewer_than_two_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 scores"):
        auroc(np.array([1.0]), np.array([0.0, 2.0]))


@pytest.mark.slow
@pytest.mark.parametrize("area", [0.5, 0.9, 0.995])
@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_the_interval_keeps_its_coverage(area: float, spread: float) -> None:
    """Two normal distributions whose true area is known, 500 times. Near one, where the wider of two intervals is taken, it holds
    more often."""
    generator = np.random.default_rng(int(1000 * area + spread))
    shift = float(ndtri(area)) * sqrt(1 + spread**2)
    hits = 0
    for _ in range(500):
        found = auroc(generator.normal(shift, spread, 500), generator.normal(0, 1, 1000)).interval
        hits += found.low <= area <= found.high
    assert holds(hits, 500, low=0.945, high=0.999 if area > 0.99 else 0.965)


def test_the_difference_of_areas_is_delongs_by_a_double_loop() -> None:
    generator = np.random.default_rng(4)
    first = generator.normal(1, 1, 40), generator.normal(0, 1, 50)
    second = first[0] + generator.normal(0, 0.5, 40), first[1] + generator.normal(0, 1, 50)
    wins = [np.array([[float(a > b) for b in low] for a in high]) for high, low in (first, second)]
    areas = [each.mean() for each in wins]
    assert areas == pytest.approx([auroc(*first).value, auroc(*second).value])
    of_high, of_low = (np.cov(*(each.mean(axis=axis) for each in wins)) for axis in (1, 0))
    variance = np.array([1, -1]) @ (of_high / 40 + of_low / 50) @ np.array([1, -1])
    found = auroc_difference(first, second)
    assert found.value == pytest.approx(areas[0] - areas[1])
    assert found.interval.high - found.value == pytest.approx(Z_95 * sqrt(variance))
    assert found.p == pytest.approx(2 * ndtr(-abs(found.value) / sqrt(variance)))
    turned = auroc_difference(second, first)
    assert (turned.value, turned.p) == pytest.approx((-found.value, found.p))


def test_a_score_does_not_differ_from_itself() -> None:
    scores = np.array([3.0, 2.0, 5.0]), np.array([1.0, 2.5])
    found = auroc_difference(scores, scores)
    assert (found.value, found.p, found.interval.low, found.interval.high) == (0, 1, 0, 0)
    with pytest.raises(ValueError, match="at least 2 scores"):
        auroc_difference((np.ones(1), np.zeros(3)), (np.ones(1), np.zeros(3)))


@pytest.mark.slow
@pytest.mark.parametrize("area", [0.6, 0.9, 0.99])
def test_equally_good_scores_on_the_same_images_differ_significantly_in_one_of_twenty_cases(area: float) -> None:
    """Half of the variance is shared by both scores."""
    generator = np.random.default_rng(1)
    shift, found = float(ndtri(area)) * sqrt(2), 0

    def scores(number: int, mean: float) -> np.ndarray:  # type: ignore[type-arg]
        return mean + generator.normal(0, sqrt(0.5), number) + generator.normal(0, sqrt(0.5), (2, number))

    for _ in range(500):
        (high, other_high), (low, other_low) = scores(200, shift), scores(300, 0)
        found += auroc_difference((high, low), (other_high, other_low)).p <= 0.05
    assert holds(found, 500, low=0.03, high=0.05)
