"""McNemar's test: whether two networks differ significantly on the same images."""

from __future__ import annotations

LEVEL = 0.05
"""Significance level: the probability of finding a difference between two equally good networks."""


def mid_p(only_first: int, only_second: int) -> float:
    """Return the two-sided mid-p value of McNemar's test, 1 without discordant images.

    M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better
    than exact conditional", BMC Medical Research Methodology 13, 2013. The exact test is far too conservative, the chi-squared
    test slightly too liberal.

    Args:
        only_first: Images that only the first network classifies correctly.
        only_second: Images that only the second does.

    Raises:
        ValueError: A count is negative.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts must not be negative; got {only_first} and {only_second}")
    fewer, discordant = min(only_first, only_second), only_first + only_second
    if discordant == 0:
        return 1.0
    # Binomial coefficients as integers, so that no count overflows or underflows.
    term = tail = 1
    for number in range(fewer):
        term = term * (discordant - number) // (number + 1)
        tail += term
    if only_first == only_second:
        return float(1 - term / (2 << discordant))
    return float((2 * tail - term) / (1 << discordant))
