"""Whether two networks that were asked the same questions differ by more than chance."""

from __future__ import annotations

LEVEL = 0.05
"""Of the test: how often two equally good networks may be told apart."""


def mid_p(only_first: int, only_second: int) -> float:
    """McNemar's test, two-sided, as its mid-p value: of the images that just one of two networks got right, each is as likely
    to be one's as the other's if they are equally good, and outcomes as extreme as this one count by half.

    After M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic
    are better than exact conditional", 2013: the exact test without that half is far too cautious, the one with the
    chi-squared distribution a little too bold. Summed in whole numbers, so exact for any counts. 1 where no image tells the two
    apart. Raises ``ValueError`` for negative counts.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"{only_first} and {only_second} are no counts; numbers of 0 or more were expected")
    fewer, discordant = min(only_first, only_second), only_first + only_second
    if discordant == 0:
        return 1.0
    term = tail = 1
    for number in range(fewer):
        term = term * (discordant - number) // (number + 1)
        tail += term
    if only_first == only_second:
        return float(1 - term / (2 << discordant))
    return float((2 * tail - term) / (1 << discordant))
