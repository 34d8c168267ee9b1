"""Holm's correction against statsmodels and by simulation."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from convscope.analysis.statistics.paired import PairedCounts, count_pairs, holm, mid_p, paired_interval
from convscope.analysis.statistics.proportions import Z_95, wilson

from ...simulation import holds  # type: ignore[import-not-found]


@pytest.mark.slow
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


Shares = tuple[int, float, float]
LIKE_OURS: list[Shares] = [(10_000, 0.0025, 0.0025), (10_000, 0.0006, 0.0001), (360, 0.03, 0.02), (2000, 0.004, 0.001)]
"""Images, and the shares of them that only the first and only the second network gets right."""


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        (PairedCounts(59, 6, 16, 80), -0.1240, -0.0054),  # Cavo et al. (2012)
        (PairedCounts(1, 1, 7, 12), -0.5172, -0.0260),  # Bentur et al. (2009)
    ],
)
def test_it_reproduces_the_published_cases(counts: PairedCounts, low: float, high: float) -> None:
    """Tango's interval in M. W. Fagerland, S. Lydersen and P. Laake, "Statistical Analysis of Contingency Tables", 2017."""
    assert counts.interval.low == pytest.approx(low, abs=5e-5)
    assert counts.interval.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(("first", "second", "n"), [(6, 16, 161), (5, 1, 10_000), (40, 20, 160), (0, 4, 50)])
def test_it_ends_where_the_score_test_rejects(first: int, second: int, n: int) -> None:
    """The reference maximises the likelihood numerically; the implementation solves an equation."""
    for end in (paired_interval(first, second, n).low, paired_interval(first, second, n).high):

        def unlikely(share: float, end: float = end) -> float:
            shares = np.clip([share + end, share, 1 - 2 * share - end], 1e-300, None)
            return -float(np.dot([first, second, n - first - second], np.log(shares)))

        bounds = (max(0.0, -end), (1 - end) / 2)
        share = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
        score = (first - second - n * end) / np.sqrt(n * (2 * share + end * (1 - end)))
        assert abs(score) == pytest.approx(Z_95, rel=1e-4)


def test_exchanging_the_networks_negates_the_interval() -> None:
    one, other = paired_interval(8, 3, 200), paired_interval(3, 8, 200)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_extreme_counts_stay_within_bounds() -> None:
    assert paired_interval(10, 0, 10).high == pytest.approx(1)
    assert paired_interval(0, 10, 10).low == pytest.approx(-1)
    alike = paired_interval(0, 0, 100)
    assert alike.low == pytest.approx(-alike.high)
    assert 0.03 < alike.high < 0.04
    with pytest.raises(ValueError, match="disjoint.*got"):
        paired_interval(5, 6, 10)


def simulated(shares: Shares, trials: int = 2000) -> tuple[np.ndarray, float]:  # type: ignore[type-arg]
    n, first, second = shares
    return np.random.default_rng(1).multinomial(n, [first, second, 1 - first - second], trials), first - second


@pytest.mark.parametrize("shares", LIKE_OURS)
def test_it_keeps_its_coverage(shares: Shares) -> None:
    tables, truth = simulated(shares)
    known: dict[tuple[int, int], bool] = {}
    for first, second, _ in tables.tolist():
        if (first, second) not in known:
            interval = paired_interval(first, second, shares[0])
            known[first, second] = interval.low <= truth <= interval.high
    covered = sum(known[first, second] for first, second, _ in tables.tolist())
    assert holds(covered, len(tables), low=0.945, high=0.96)


def test_with_few_discordant_images_walds_interval_is_too_short_and_newcombes_too_long() -> None:
    """The reason for using Tango's interval. Newcombe's is method 10 of his paper of 1998."""
    n = 10_000
    tables, truth = simulated((n, 0.0006, 0.0001))
    wald = newcombe = tango = 0
    for first, second, _ in tables.tolist():
        difference = (first - second) / n
        half = Z_95 * np.sqrt(max(first + second - (first - second) ** 2 / n, 0)) / n
        wald += abs(truth - difference) <= half
        newcombe += _in_newcombe(truth, n - 30 - first - second, first, second, 30)
        own = paired_interval(first, second, n)
        tango += own.low <= truth <= own.high
    assert wald < tango < newcombe


def _in_newcombe(truth: float, both: int, first: int, second: int, neither: int) -> bool:
    n = both + first + second + neither
    one, other = (both + first) / n, (both + second) / n
    of_one, of_other = wilson(both + first, n), wilson(both + second, n)
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    cross = both * neither - first * second
    correlation = (cross - n / 2 if cross > n / 2 else min(cross, 0)) / np.sqrt(product)
    a, b, c, d = one - of_one.low, of_other.high - other, other - of_other.low, of_one.high - one
    low = one - other - np.sqrt(a * a - 2 * correlation * a * b + b * b)
    high = one - other + np.sqrt(c * c - 2 * correlation * c * d + d * d)
    return bool(low <= truth <= high)


def test_the_counts_of_pairs_equal_those_of_a_loop() -> None:
    generator = np.random.default_rng(0)
    labels, first, second = generator.integers(0, 3, (3, 200))
    loop = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for label, one, other in zip(labels, first, second, strict=True):
        loop[one == label, other == label] += 1
    counts = count_pairs(labels, first, second)
    assert (counts.both_right, counts.only_first, counts.only_second, counts.both_wrong) == tuple(loop.values())
    assert counts.n == 200
    assert counts.difference == pytest.approx((first == labels).mean() - (second == labels).mean())


def test_the_interval_excludes_no_difference_exactly_where_the_test_rejects_it() -> None:
    for only_first in range(45):
        for only_second in range(30):
            counts = PairedCounts(100, only_first, only_second, 3)
            low, high = counts.interval
            assert (low <= 0 <= high) == (mid_p(only_first, only_second) > 0.05), counts
