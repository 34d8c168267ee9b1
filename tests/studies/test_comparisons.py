"""Seeds that a difference takes, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from convscope.studies.comparisons import MIN_SEEDS, power, seeds_needed
from convscope.studies.plan import MAX_SEEDS


@pytest.mark.parametrize("n", [5, 6, 10, 100, 1000])
def test_power_is_statsmodels(n: int) -> None:
    for effect in np.geomspace(0.01, 10, 40):
        known = TTestPower().power(effect, n, 0.05)
        assert power(effect, n) == pytest.approx(known, abs=1e-9) if np.isfinite(known) else 0.999 < power(effect, n) <= 1
    assert power(1e6, n) == 1.0


@pytest.mark.parametrize("effect", [0.1, 0.3, 0.8, 1.2])
def test_so_many_seeds_are_enough_and_one_fewer_are_not(effect: float) -> None:
    found = seeds_needed(-0.001 * effect, 0.001)
    assert found == int(np.ceil(TTestPower().solve_power(effect, power=0.8, alpha=0.05)))


def test_none_are_enough_for_no_difference_and_five_are_the_fewest() -> None:
    assert seeds_needed(0.0, 0.001) is None
    assert seeds_needed(0.001, 0.1) is None
    assert power(0.01, MAX_SEEDS) < 0.8
    assert seeds_needed(1.0, 0.001) == seeds_needed(0.3, 0.0) == MIN_SEEDS == 5
