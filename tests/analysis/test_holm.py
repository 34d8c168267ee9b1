"""Holm's correction against statsmodels and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests

from convscope.analysis.holm import holm


@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_it_agrees_with_statsmodels(number: int) -> None:
    generator = np.random.default_rng(number)
    for _ in range(3):
        p_values = generator.beta(0.3, 2, number)
        assert holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))
    assert holm([]) == ()


def test_any_false_rejection_among_many_stays_within_the_level() -> None:
    trials = 4000
    p_values = np.random.default_rng(0).uniform(size=(trials, 6))
    wrong = sum(min(holm(list(row))) <= 0.05 for row in p_values)
    assert binom.ppf(1e-4, trials, 0.048) <= wrong <= binom.ppf(0.9999, trials, 0.05)
