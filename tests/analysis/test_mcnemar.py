"""McNemar's mid-p against a published case, statsmodels, a sum of fractions, and simulation."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar

from convscope.analysis.mcnemar import mid_p

from .levels import holds  # type: ignore[import-not-found]


def test_it_reproduces_the_published_case() -> None:
    """Data of Bentur et al., mid-p of Fagerland, Lydersen and Laake (2013): 1 against 7, 0.0391."""
    assert mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)
    assert mid_p(7, 1) == mid_p(1, 7)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 12), (40, 61), (0, 20), (700, 812)])
def test_it_equals_the_exact_test_of_statsmodels_minus_the_probability_of_the_outcome(first: int, second: int) -> None:
    exact = mcnemar([[5, first], [second, 5]], exact=True).pvalue
    assert mid_p(first, second) == pytest.approx(exact - binom.pmf(first, first + second, 0.5), rel=1e-9)


def test_it_equals_the_sum_over_all_outcomes() -> None:
    """Outcomes as far from the centre count one half, those farther out count fully."""
    for discordant in range(1, 15):
        for first in range(discordant + 1):
            distance = abs(2 * first - discordant)
            expected = Fraction(0)
            for other in range(discordant + 1):
                further = abs(2 * other - discordant)
                expected += Fraction(comb(discordant, other), 2**discordant) * (
                    Fraction(1) if further > distance else Fraction(1, 2) if further == distance else 0
                )
            # The centre of an even number is one outcome, not two, so p is 1 minus half of its probability.
            assert mid_p(first, discordant - first) == pytest.approx(float(expected))


def test_without_discordant_images_p_is_one() -> None:
    assert mid_p(0, 0) == 1


def test_thousands_of_images_are_fast_and_do_not_overflow() -> None:
    assert 0 < mid_p(4800, 5200) < 0.001
    assert mid_p(5000, 5000) == pytest.approx(1, abs=0.01)


def test_negative_counts_are_rejected() -> None:
    with pytest.raises(ValueError, match="negative; got"):
        mid_p(-1, 3)


@pytest.mark.parametrize("share", [0.002, 0.01])
def test_equally_good_networks_differ_significantly_in_at_most_one_of_twenty_cases(share: float) -> None:
    trials = 4000
    tables = np.random.default_rng(0).multinomial(2000, [share, share, 1 - 2 * share], trials)
    found = sum(mid_p(int(first), int(second)) <= 0.05 for first, second, _ in tables)
    assert holds(found, trials, low=0.03, high=0.05)
