"""The best of several seeds, against all choices of so many, one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from convscope.study.best_of import expected_best


def test_the_best_of_so_many_is_the_mean_over_all_choices() -> None:
    values = list(np.random.default_rng(0).normal(0.99, 0.01, 7))
    wanted = [np.mean([max(chosen) for chosen in combinations(values, k)]) for k in range(1, 8)]
    assert expected_best(values) == pytest.approx(tuple(wanted))
    assert expected_best([0.5, 0.5, 0.7]) == pytest.approx((1.7 / 3, (0.5 + 0.7 + 0.7) / 3, 0.7))


def test_of_normal_seeds_the_best_of_ten_gains_one_and_a_half_standard_deviations() -> None:
    draws = np.random.default_rng(1).normal(0, 1, 1000)
    order_statistic = 10 * stats.norm.expect(lambda x: x * stats.norm.cdf(x) ** 9)
    assert order_statistic == pytest.approx(1.54, abs=0.01)
    assert expected_best(list(draws))[9] - draws.mean() == pytest.approx(order_statistic, abs=0.15)


def test_one_seed_is_its_own_best_and_none_has_none() -> None:
    assert expected_best([0.9]) == (0.9,)
    with pytest.raises(ValueError, match="at least one"):
        expected_best([])
