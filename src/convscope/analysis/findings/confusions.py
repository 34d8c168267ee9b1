"""Which classes are confused, as far as the mistakes say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma, log, log1p
from typing import Any

from ...formatting import percent
from ..intervals import simultaneous_wilson
from ..mcnemar import LEVEL
from .finding import Finding, span

MOST_NAMED = 3


def confused(test: Mapping[str, Any]) -> Finding | None:
    """The most frequent confusion, where it is more frequent than any other by more than chance; else those that are more
    frequent than an even spread of the mistakes over all pairs of classes makes; else nothing."""
    pairs, errors = test["confused_pairs"], test["errors"]
    classes = len(test["confusion"])
    cells = classes * (classes - 1)
    if not pairs or cells < 3:
        return None
    frequent = [pair for pair in pairs if _is_more_than_even(pair["count"], errors, cells)]
    first = pairs[0]
    interval = simultaneous_wilson(first["count"], errors, cells)
    ends = f"{percent(interval.low, 0)} to {percent(interval.high, 0)}"
    share = f"{first['count']:,} of {errors:,} mistakes ({ends}, with {cells:,} pairs of classes looked at)"
    if is_most_frequent([pair["count"] for pair in pairs]):
        others = f", and {pairs[1]['count']:,} for the next" if len(pairs) > 1 else ""
        text, often = f"The most frequent confusion, beyond chance, is {_named(first)}: {share}{others}.", "most often "
    elif frequent:
        named = [f"{_named(pair)} ({pair['count']:,})" for pair in frequent[:MOST_NAMED]]
        often = "" if len(named) == 1 else "frequent: "
        text = (
            f"{_listed(named)} are more frequent than {errors:,} mistakes spread evenly over {cells:,} pairs of classes would "
            f"make; the first has {ends} of the mistakes, and which is the most frequent, they do not say."
            if len(named) > 1
            else f"{_named(first)} is more frequent than an even spread over the pairs of classes makes: {share}."
        )
    else:
        return None
    return Finding(
        text,
        f"{often}{_named(first)}, {first['count']:,} of {errors:,} mistakes ({span([interval.low, interval.high], 0)})",
        "confusion_matrix",
        first["count"] / errors,
        [interval.low, interval.high],
    )


def is_most_frequent(counts: Sequence[int]) -> bool:
    """Whether the first of several confusions, whose ``counts`` descend, is the most frequent by more than chance.

    The winner against the runner-up alone, two-sided: that this holds its level whatever the number of others is shown by
    K. Hung and W. Fithian, "Rank verification for exponential families", Annals of Statistics 47, 2019.
    """
    if not counts:
        return False
    first, second = counts[0], counts[1] if len(counts) > 1 else 0
    return 2 * _at_least(first, first + second, 1 / 2) <= LEVEL


def _is_more_than_even(count: int, errors: int, cells: int) -> bool:
    """Beyond what the fullest of ``cells`` holds by chance (Bonferroni's correction)."""
    return cells * _at_least(count, errors, 1 / cells) <= LEVEL


def _at_least(count: int, n: int, share: float) -> float:
    """The binomial probability of ``count`` or more of ``n``; 1 where that is no more than is expected."""
    if count <= n * share:
        return 1.0
    ways = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    term = exp(ways + count * log(share) + (n - count) * log1p(-share))
    total = 0.0
    for number in range(count, n + 1):
        total += term
        term *= (n - number) / (number + 1) * share / (1 - share)
    return total


def _named(pair: Mapping[str, Any]) -> str:
    return f"{pair['true']} taken for {pair['predicted']}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
