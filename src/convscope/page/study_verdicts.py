"""What a study's page claims of its configurations, and with what right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .formats import SPACE, capital, counted, joined, name, percent, whole, word
from .study_words import Results, images_of, points, spread

MOST_NAMED = 4
FEW = "no verdict"


def claim(results: Results) -> str:
    """The first half of the title: who is ahead, or that nobody is, or that nobody can say."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{name(best['name'])} reads {percent(best['mean'])} of {images_of(results)} right"
    if n == 1:
        return f"{name(best['name'])} came out ahead, but one seed cannot tell whether by chance"
    if not results["comparisons"][0]["judged"]:
        return f"{name(best['name'])} came out ahead, but {word(n)} seeds are too few to tell whether by chance"
    close = not_told_apart(results, best["name"])
    if not close:
        others = "both others" if len(rows) == 3 else "all others"
        return f"{name(best['name'])} beats {name(rows[1]['name']) if len(rows) == 2 else others} by more than seeds explain"
    return f"{_and([best['name'], *close])} can’t be told apart"


def evidence(results: Results) -> str:
    """The other half: the numbers behind it."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{spread(best)} over {counted(n, 'seed')}."
    if n == 1:
        return f"{percent(best['mean'])} against {percent(rows[1]['mean'])} for {name(rows[1]['name'])}."
    pair = comparison_of(results, best["name"], rows[1]["name"])
    ahead = sign(pair, best["name"])
    over_seeds, over_both = (_range(pair[key], ahead) for key in ("interval", "interval_of_both"))
    tested = f"; p{SPACE}{p_value(pair['p_adjusted'])}" if pair["judged"] else ""
    return (f"{percent(best['mean'])} against {percent(rows[1]['mean'])} for {name(rows[1]['name'])}, a difference of "
            f"{points(abs(pair['difference']))} points ({over_seeds} over {counted(n, 'seed')}, {over_both} where the images are "
            f"others too){tested}.")  # fmt: skip


def not_told_apart(results: Results, from_name: str) -> list[str]:
    """The rows that cannot be told from ``from_name``, in the order of the table."""
    others = [row["name"] for row in results["table"] if row["name"] != from_name]
    return [other for other in others if not comparison_of(results, from_name, other)["distinguishable"]]


def comparison_of(results: Results, one: str, other: str) -> Mapping[str, Any]:
    """The comparison of two rows, whichever is first in it."""
    found: Mapping[str, Any] = next(
        each for each in results["comparisons"] if {each["first"], each["second"]} == {one, other}
    )
    return found


def sign(pair: Mapping[str, Any], ahead: str) -> int:
    """1 where differences are ``ahead`` less the other, −1 where they are the other way round."""
    return 1 if pair["first"] == ahead else -1


def comparison_title(results: Results) -> str:
    """How many pairs differ."""
    pairs = results["comparisons"]
    if not pairs[0]["judged"]:
        return f"{capital(counted(pairs[0]['n'], 'seed'))} give no verdict"
    told = sum(pair["distinguishable"] for pair in pairs)
    if len(pairs) == 1:
        return "The two differ by more than seeds explain" if told else "Seeds alone may have made the difference"
    if told == len(pairs):
        return f"All {word(len(pairs))} pairs differ by more than seeds explain"
    return f"{capital(word(told))} of {word(len(pairs))} pairs {'differs' if told == 1 else 'differ'} by more than seeds explain"


def comparison_reading(results: Results) -> str:
    """Which tests, and with what in mind."""
    number = len(results["comparisons"])
    corrected = f" With {word(number)} comparisons, p is corrected by Holm’s method." if number > 1 else ""
    return ("Differences are taken seed by seed. p is that of Student’s paired t-test; Wilcoxon’s signed-rank test asks for no "
            f"normal distribution but for more seeds, and is not corrected.{corrected} Both, and the first interval, speak of "
            "training again and of these same test images; “over both” allows for other images too.")  # fmt: skip


def planning_reading(results: Results) -> str:
    """What the columns about a single training and about the next study mean."""
    return ("“First ahead”: how often a single training of the first comes out ahead of a single one of the second, ties by half, "
            "with its 95% interval. “Seeds needed”: to find such a difference four times in five, were it the true one; for "
            "planning, no second verdict.")  # fmt: skip


def verdict(pair: Mapping[str, Any]) -> str:
    """In a cell of the table."""
    if not pair["judged"]:
        return FEW
    if not pair["distinguishable"]:
        return "can’t be told apart"
    return f"{name(pair['first'] if pair['difference'] > 0 else pair['second'])} is better"


def needed(pair: Mapping[str, Any]) -> str:
    """Seeds, in a cell of the table."""
    return "more than 1,000" if pair["seeds_needed"] is None else whole(pair["seeds_needed"])


def p_value(p: float) -> str:
    """``"< 0.001"``, or ``"= 0.034"``."""
    return f"<{SPACE}0.001" if p < 0.001 else f"={SPACE}{p:.3f}"


def _range(interval: Sequence[float], ahead: int) -> str:
    low, high = sorted(ahead * end for end in interval)
    return f"{points(low)} to {points(high)}"


def _and(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{joined([name(each) for each in names[: MOST_NAMED - 1]] + [f'{len(names) - MOST_NAMED + 1} more'])}"
    return joined([name(each) for each in names])
