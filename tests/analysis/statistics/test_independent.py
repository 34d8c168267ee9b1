"""Shares of independent groups: level and power of the test, coverage of the intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats import proportion
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.statistics.proportions import homogeneity_p, independent_interval, mean_interval

from ...simulation import holds  # type: ignore[import-not-found]


def test_many_hits_give_the_p_value_of_chi_squared() -> None:
    hits, sizes = (480, 450, 470, 440), (500, 480, 490, 490)
    table = [hits, [size - hit for hit, size in zip(hits, sizes, strict=True)]]
    assert homogeneity_p(hits, sizes) == pytest.approx(chi2_contingency(table).pvalue, abs=0.01)


@pytest.mark.parametrize(("first", "second"), [((3, 40), (12, 50)), ((1, 9), (6, 9)), ((2975, 3000), (9953, 10_000))])
def test_two_groups_give_fishers_p_value(first: tuple[int, int], second: tuple[int, int]) -> None:
    table = [[hit, size - hit] for hit, size in (first, second)]
    assert homogeneity_p((first[0], second[0]), (first[1], second[1])) == pytest.approx(fisher_exact(table).pvalue, abs=0.02)


@pytest.mark.parametrize(
    ("hits", "sizes"), [((), ()), ((3,), (5,)), ((0, 0), (4, 5)), ((4, 5), (4, 5)), ((0, 3), (0, 5)), ((0, 0), (0, 0))]
)
def test_without_a_difference_that_could_be_p_is_1(hits: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    assert homogeneity_p(hits, sizes) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "share", "exact"),
    [((1000,) * 10, 0.99, True), ((1000, 20, 20, 20), 0.8, True), ((36,) * 10, 0.98, False), ((3000, 10_000), 0.995, False)],
)
def test_equal_groups_differ_in_at_most_one_of_twenty_cases(sizes: tuple[int, ...], share: float, exact: bool) -> None:
    """With few errors the test is conservative, as every test of counts is."""
    generator, rejected = np.random.default_rng(0), 0
    for _ in range(400):
        rejected += homogeneity_p(tuple(generator.binomial(sizes, share).tolist()), sizes) <= 0.05
    assert holds(rejected, 400, low=0.03 if exact else 0, high=0.05)


@pytest.mark.slow
def test_groups_that_differ_are_told_apart() -> None:
    """Recalls from 97% to 99.9%, of ten classes of a thousand: nearly always found, with 36 images each hardly ever."""
    generator, shares = np.random.default_rng(1), np.linspace(0.97, 0.999, 10)
    found = [
        sum(homogeneity_p(tuple(generator.binomial(size, shares).tolist()), (size,) * 10) <= 0.05 for _ in range(100))
        for size in (1000, 36)
    ]
    assert found[0] >= 90
    assert found[1] <= 20


def test_the_interval_of_a_difference_is_newcombes_and_holds_its_level() -> None:
    found = independent_interval(2975, 3000, 9953, 10_000)
    low, high = found
    assert low < 2975 / 3000 - 9953 / 10_000 < high
    assert proportion.test_proportions_2indep(2975, 3000, 9953, 10_000, value=low, compare="diff").pvalue == pytest.approx(
        0.05, abs=0.03
    )
    generator, hits = np.random.default_rng(2), 0
    for _ in range(1000):
        one, other = generator.binomial(100, 0.97), generator.binomial(400, 0.95)
        interval = independent_interval(int(one), 100, int(other), 400)
        hits += interval.low <= 0.02 <= interval.high
    assert holds(hits, 1000, low=0.94, high=0.985)


def test_the_interval_of_a_mean_of_zeros_and_ones_is_wilsons() -> None:
    for count in (0, 1, 60, 99, 100):
        values = (np.arange(100) < count).astype(float)
        assert mean_interval(values) == pytest.approx(proportion_confint(count, 100, method="wilson"))
    assert mean_interval(np.array([1.0])) == pytest.approx(proportion_confint(1, 1, method="wilson"))
