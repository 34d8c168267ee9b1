"""What a comparison says, in sentences. Each has its numbers, and none says more than the test and the interval do."""

from __future__ import annotations

from dataclasses import dataclass

from ..formatting import percent
from .comparison import Comparison, Pair

SMALLEST_P = 0.0001
CAUTION = (
    "This is about these trained networks. Whether one way to train is better than another takes several seeds of each: "
    "convscope study."
)


@dataclass(frozen=True)
class Saying:
    """A sentence in two parts, of different weight on a page, and what it leaves open, if anything."""

    claim: str
    evidence: str
    left_open: str = ""

    def __str__(self) -> str:
        return f"{self.claim}: {self.evidence} {self.left_open}".rstrip()


def verdict(comparison: Comparison) -> Saying:
    """The sentence above everything: who is better, or that the test images do not say."""
    if len(comparison.pairs) == 1:
        return of_pair(comparison, comparison.pairs[0])
    order = sorted(range(len(comparison.contestants)), key=lambda place: comparison.contestants[place].errors)
    leader, others = order[0], order[1:]
    name = comparison.contestants[leader].name
    alike = [place for place in others if not comparison.pair_of(leader, place).told_apart]
    worse = [place for place in others if place not in alike]
    counts = ", ".join(f"{comparison.contestants[place].name} {comparison.contestants[place].errors:,}" for place in order)
    evidence = (
        f"errors on {comparison.n:,} test images: {counts} (McNemar's test, corrected for {len(comparison.pairs)} pairs)."
    )
    if not alike:
        return Saying(f"{name} is better than every other run", evidence)
    apart = f"; {_listed(comparison, worse)} {'does' if len(worse) == 1 else 'do'} worse" if worse else ""
    return Saying(f"{name} and {_listed(comparison, alike)} can't be told apart{apart}", evidence)


def of_pair(comparison: Comparison, pair: Pair) -> Saying:
    """What is known of two runs."""
    first, second = (comparison.contestants[place] for place in (pair.first, pair.second))
    if pair.told_apart:
        better, worse = (first, second) if pair.better == pair.first else (second, first)
        low, high = pair.interval.low, pair.interval.high
        low, high = (low, high) if better is first else (-high, -low)
        return Saying(
            f"{better.name} is better than {worse.name}",
            f"right on {percent(better.accuracy)} against {percent(worse.accuracy)} of the same {comparison.n:,} test images, "
            f"a difference of {points(abs(pair.difference))} (95% interval {points(low, unit=False)} to {points(high)}; "
            f"{chance(pair)}).",
        )
    claim = f"{first.name} and {second.name} can't be told apart"
    if pair.counts.discordant == 0:
        told = f"they are right and wrong on the very same of the {comparison.n:,} test images, {first.errors:,} wrong."
    else:
        told = (
            f"{first.errors:,} and {second.errors:,} of the same {comparison.n:,} test images went wrong, a difference "
            f"that chance alone could make ({chance(pair)})."
        )
    return Saying(claim, told, hidden(comparison, pair))


def hidden(comparison: Comparison, pair: Pair) -> str:
    """How large a difference these images could still hide, either way."""
    first, second = (comparison.contestants[place].name for place in (pair.first, pair.second))
    parts = []
    if pair.interval.high > 0:
        parts.append(f"{first} could still be better by up to {points(pair.interval.high)}")
    if pair.interval.low < 0:
        parts.append(f"{second} by up to {points(-pair.interval.low)}" if parts else
                     f"{second} could still be better by up to {points(-pair.interval.low)}")  # fmt: skip
    return ", ".join(parts) + " (95% interval)."


def chance(pair: Pair) -> str:
    """The test and its p-value, and that it was corrected, if it was."""
    corrected = ", corrected for the number of pairs" if pair.adjusted_p != pair.p else ""
    return f"{mcnemar(pair.adjusted_p)}{corrected}"


def mcnemar(p: float) -> str:
    """``McNemar's test, mid-p = 0.032``."""
    shown = p_value(p)
    return f"McNemar's test, mid-p {shown if shown.startswith('<') else '= ' + shown}"


def p_value(p: float) -> str:
    """As many digits as it takes to see what it is: ``0.61``, ``0.032``, ``< 0.0001``."""
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.{2 if p >= 0.1 else 3 if p >= 0.01 else 4}f}"


def points(share: float, *, unit: bool = True) -> str:
    """A difference of accuracies, in percentage points: 0.0083 → ``0.83 points``. A minus sign is a real one."""
    number = f"{100 * share:.2f}".replace("-", "−")
    return f"{number} points" if unit else number


def _listed(comparison: Comparison, places: list[int]) -> str:
    names = [comparison.contestants[place].name for place in places]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
