"""BCa intervals against SciPy's, and their coverage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap, lognorm

from convscope.analysis.statistics.bootstrap import bca, left_out_means, resampled_means
from convscope.analysis.statistics.proportions import Estimate

from ...simulation import holds  # type: ignore[import-not-found]

Array = np.ndarray[Any, Any]


def mean_estimate(values: Array, *, seed: int = 0) -> Estimate:
    """Return the mean of ``values`` (n,), one per image, with its 95% interval."""
    column = values[:, None].astype(np.float64)
    means = resampled_means(column, seed=seed)[:, 0]
    return Estimate(float(values.mean()), bca(float(values.mean()), means, left_out_means(column)[:, 0]))


def skewed(n: int, seed: int = 0) -> Array:
    """Return values like the losses of a good network: nearly all close to zero, a few large."""
    generator = np.random.default_rng(seed)
    return np.where(generator.random(n) < 0.05, generator.exponential(3, n), generator.exponential(0.02, n))


@pytest.mark.parametrize("n", [60, 1000])
def test_the_interval_of_a_mean_agrees_with_scipy(n: int) -> None:
    values = skewed(n)
    expected = bootstrap(
        (values,), np.mean, n_resamples=4000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    found = mean_estimate(values)
    assert found.value == values.mean()
    width = expected.high - expected.low
    assert found.interval.low == pytest.approx(expected.low, abs=0.1 * width)
    assert found.interval.high == pytest.approx(expected.high, abs=0.1 * width)


def test_with_the_same_resamples_it_equals_scipys_to_the_last_digits() -> None:
    values = skewed(80)
    reference = bootstrap((values,), np.mean, n_resamples=999, method="BCa", rng=np.random.default_rng(2))
    found = bca(values.mean(), reference.bootstrap_distribution, left_out_means(values[:, None])[:, 0])
    assert [found.low, found.high] == pytest.approx(list(reference.confidence_interval), rel=1e-9)


@pytest.mark.slow
def test_it_covers_the_mean_at_its_level() -> None:
    """200 samples; the coverage of a skewed sample of this size is slightly below 95%."""
    truth = lognorm(0.6).mean()
    generator = np.random.default_rng(3)
    sampled = (mean_estimate(generator.lognormal(0, 0.6, 150), seed=seed).interval for seed in range(200))
    hits = sum(each.low <= truth <= each.high for each in sampled)
    assert holds(hits, 200, low=0.92, high=0.95)


@pytest.mark.slow
def test_it_covers_the_mean_of_values_that_are_nearly_always_close_to_zero() -> None:
    """Like the losses of a good network on 1,000 images, dominated by fifty of them: the interval is slightly short."""
    truth = 0.05 * 3 + 0.95 * 0.02
    sampled = (mean_estimate(skewed(1000, seed=seed), seed=seed).interval for seed in range(200))
    assert holds(sum(each.low <= truth <= each.high for each in sampled), 200, low=0.92, high=0.95)


def test_intervals_depend_on_the_seed() -> None:
    values = skewed(500)
    assert mean_estimate(values, seed=4) == mean_estimate(values, seed=4)
    assert mean_estimate(values, seed=4) != mean_estimate(values, seed=5)


def test_columns_share_their_resamples() -> None:
    values = np.random.default_rng(0).normal(size=(300, 1))
    means = resampled_means(np.hstack([values, 2 * values, values]))
    assert np.allclose(means[:, 1], 2 * means[:, 0])
    assert np.array_equal(means[:, 2], means[:, 0])


@pytest.mark.parametrize("n", [300, 20_000])
def test_grouping_similar_images_changes_neither_mean_nor_deviation(n: int) -> None:
    values = np.random.default_rng(0).normal(size=(n, 3)) ** 3
    means = resampled_means(values)
    spread = values.std(axis=0) / np.sqrt(n)
    assert np.abs(means.mean(axis=0) - values.mean(axis=0)).max() < 4 * spread.max() / np.sqrt(2000)
    assert means.std(axis=0) == pytest.approx(spread, rel=0.08)


def test_each_image_is_left_out_in_turn() -> None:
    values = np.random.default_rng(0).normal(size=(7, 2))
    expected = [np.delete(values, row, axis=0).mean(axis=0) for row in range(7)]
    assert np.allclose(left_out_means(values), expected)


def test_repeats_count_as_that_many_images() -> None:
    values = np.repeat([0.0, 1.0, 5.0], [40, 15, 3])
    means = resampled_means(values[:, None])[:, 0]
    every = bca(values.mean(), means, left_out_means(values[:, None])[:, 0])
    left_out = np.unique(left_out_means(values[:, None]))[::-1]
    assert bca(values.mean(), means, left_out, np.array([40, 15, 3])) == pytest.approx(every)


@pytest.mark.parametrize("values", [np.full(50, 0.3), np.array([0.3])])
def test_the_interval_of_constant_values_has_no_width(values: Array) -> None:
    interval = mean_estimate(values).interval
    assert interval.low == pytest.approx(0.3)
    assert interval.high == pytest.approx(0.3)


def test_the_interval_of_non_finite_values_is_nan() -> None:
    interval = bca(float("nan"), np.ones(10), np.ones(5))
    assert np.isnan([interval.low, interval.high]).all()
