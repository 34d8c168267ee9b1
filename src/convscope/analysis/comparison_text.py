"""The result of a comparison in sentences, each with its evidence."""

from dataclasses import dataclass

from .. import formatting
from ..formatting import count_of, join_words, percent, percentage_points
from .comparison import Comparison, Pair

CAUTION = "This compares these trained networks. To compare the ways they were trained, use several seeds of each: convscope study."


@dataclass(frozen=True)
class Statement:
    """A statement with its evidence."""

    claim: str
    evidence: str
    left_open: str = ""
    """The largest differences that the data cannot rule out, if the difference is not significant."""

    def __str__(self) -> str:
        return f"{self.claim}: {self.evidence} {self.left_open}".rstrip()


def verdict(comparison: Comparison) -> Statement:
    """Return the overall result: the best run, and those without a significant difference."""
    if len(comparison.pairs) == 1:
        return of_pair(comparison, comparison.pairs[0])
    runs = comparison.contestants
    leader, *others = sorted(range(len(runs)), key=lambda index: runs[index].errors)
    worse = [index for index in others if comparison.pair_of(leader, index).significant]
    alike = [index for index in others if index not in worse]
    counts = ", ".join(f"{runs[index].name} {runs[index].errors:,}" for index in (leader, *others))
    evidence = (
        f"errors on {comparison.n:,} test images: {counts} (McNemar's test, corrected for {len(comparison.pairs)} pairs)."
    )
    if not alike:
        return Statement(f"{runs[leader].name} is better than every other run", evidence)
    names = join_words([runs[index].name for index in (leader, *alike)])
    claim = f"No significant difference {'between' if len(alike) == 1 else 'among'} {names}"
    if worse:
        claim += f"; {join_words([runs[index].name for index in worse])} {'is' if len(worse) == 1 else 'are'} worse"
    return Statement(claim, evidence)


def majority(comparison: Comparison) -> str:
    """Return what always answering the largest class reaches on the same images."""
    name, share = comparison.majority
    return f"Always answering {name} reaches {percent(share)}."


def of_pair(comparison: Comparison, pair: Pair) -> Statement:
    """Return the result for two runs."""
    first, second = (comparison.contestants[index] for index in (pair.first, pair.second))
    if pair.significant:
        low, high = pair.interval
        better, worse = first, second
        if pair.better == pair.second:
            better, worse, low, high = second, first, -high, -low
        return Statement(
            f"{better.name} is better than {worse.name}",
            f"accuracy {percent(better.accuracy)} against {percent(worse.accuracy)} on the same {comparison.n:,} test images, "
            f"a difference of {points(abs(pair.difference))} (95% CI {points(low, unit=False)} to {points(high, unit=False)}; "
            f"{chance(pair)}).",
        )
    claim = f"No significant difference between {first.name} and {second.name}"
    if pair.counts.discordant == 0:
        same = f"the same {first.errors:,}" if first.errors else "none"
        evidence = f"both misclassify {same} of {comparison.n:,} test images."
    else:
        counts = f"{first.errors:,} and {count_of(second.errors, 'error')}"
        evidence = f"{counts} on the same {comparison.n:,} test images ({chance(pair)})."
    return Statement(claim, evidence, hidden(comparison, pair))


def hidden(comparison: Comparison, pair: Pair) -> str:
    """Return the largest differences in either direction that the interval includes."""
    first, second = (comparison.contestants[index].name for index in (pair.first, pair.second))
    parts = []
    if pair.interval.high > 0:
        parts.append(f"{first} could still be better by up to {points(pair.interval.high)}")
    if pair.interval.low < 0:
        subject = second if parts else f"{second} could still be better"
        parts.append(f"{subject} by up to {points(-pair.interval.low)}")
    return ", ".join(parts) + " (95% CI)."


def chance(pair: Pair) -> str:
    """Return the test with its p-value, and whether it is corrected for the number of pairs."""
    return mcnemar(pair.adjusted_p) + (", corrected for the number of pairs" if pair.adjusted_p != pair.p else "")


def mcnemar(p: float) -> str:
    """Return ``"McNemar's test, mid-p = 0.032"``."""
    return f"McNemar's test, mid-p {formatting.p_value(p)}"


def points(share: float, *, unit: bool = True) -> str:
    """Return a difference of accuracies in percentage points: ``0.0083`` as ``"0.83 points"``."""
    return f"{percentage_points(share)}{' points' if unit else ''}"
