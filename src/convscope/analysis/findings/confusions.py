"""Finding on the most frequent confusions of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma, log, log1p
from typing import Any

from ...formatting import join_words, percent_range
from ..intervals import simultaneous_wilson
from ..mcnemar import LEVEL
from .finding import Finding, interval_text

MAX_NAMED = 3
"""Largest number of confusions that one finding names."""


def confused(test: Mapping[str, Any]) -> Finding | None:
    """Return the most frequent confusion, or the frequent ones if none is ahead.

    Frequent means significantly more often than if all pairs of classes were equally probable.
    """
    pairs, errors = test["confused_pairs"], test["errors"]
    classes = len(test["confusion"])
    cells = classes * (classes - 1)
    if not pairs or cells < 3:
        return None
    first = pairs[0]
    found = simultaneous_wilson(first["count"], errors, cells)
    interval = [found.low, found.high]
    count = f"{first['count']:,} of {errors:,} errors"
    share = f"{count} (simultaneous {interval_text(interval, 0)}, {cells:,} class pairs)"
    frequent = [pair for pair in pairs if _exceeds_even_spread(pair["count"], errors, cells)][:MAX_NAMED]
    if is_most_frequent([pair["count"] for pair in pairs]):
        following = f"; the next has significantly fewer, {pairs[1]['count']:,}" if len(pairs) > 1 else ""
        text, label = f"The most frequent confusion is {_pair(first)}, with {share}{following}.", "most frequent: "
    elif len(frequent) > 1:
        named = join_words([f"{_pair(pair)} ({pair['count']:,})" for pair in frequent])
        label = "frequent: "
        text = (
            f"{named} are significantly more frequent than {errors:,} errors spread evenly over {cells:,} class pairs would be. "
            f"The first accounts for {share}; none of them is significantly the most frequent."
        )
    elif frequent:
        text, label = f"{_pair(first)} is significantly more frequent than an even spread of errors: {share}.", ""
    else:
        return None
    return Finding(
        text,
        f"{label}{_pair(first)}, {count} ({percent_range(interval, 0)})",
        "confusion_matrix",
        first["count"] / errors,
        interval,
    )


def is_most_frequent(counts: Sequence[int]) -> bool:
    """Return whether the first confusion is significantly more frequent than all others.

    A two-sided binomial test of the winner against the runner-up, which keeps its level for any number of competitors: K. Hung
    and W. Fithian, "Rank verification for exponential families", Annals of Statistics 47, 2019.

    Args:
        counts: The counts of the confusions, in descending order.
    """
    if not counts:
        return False
    first, second = counts[0], counts[1] if len(counts) > 1 else 0
    return 2 * _binomial_tail(first, first + second, 1 / 2) <= LEVEL


def _exceeds_even_spread(count: int, errors: int, cells: int) -> bool:
    """Return whether ``count`` is significant, with Bonferroni's correction for cells."""
    return cells * _binomial_tail(count, errors, 1 / cells) <= LEVEL


def _binomial_tail(count: int, n: int, share: float) -> float:
    """Return the binomial probability of at least ``count``, or 1 up to the mean."""
    if count <= n * share:
        return 1.0
    # Summed here because importing scipy.stats takes longer than all findings together.
    ways = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    term = exp(ways + count * log(share) + (n - count) * log1p(-share))
    total = 0.0
    for number in range(count, n + 1):
        total += term
        term *= (n - number) / (number + 1) * share / (1 - share)
    return total


def _pair(pair: Mapping[str, Any]) -> str:
    return f"{pair['true']} predicted as {pair['predicted']}"
