"""The conclusions of a study's page: which configurations differ significantly."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...formatting import join_words, p_value, percentage_points, shorten_list
from .numbers import capital, counted, name, percent, word
from .study import Results, images_of, spread

MAX_NAMED = 4
FEW = "too few seeds"


def claim(results: Results) -> str:
    """Return the first half of the title: the best configuration, or that none is significantly best."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{name(best['name'])} classifies {percent(best['mean'])} of {images_of(results)} correctly"
    if n == 1 or not results["comparisons"][0]["judged"]:
        seeds = f"{word(n)} seed is" if n == 1 else f"{word(n)} seeds are"
        return f"{name(best['name'])} has the highest accuracy, but {seeds} too few for a significance test"
    close = not_distinguishable(results, best["name"])
    if not close:
        others = name(rows[1]["name"]) if len(rows) == 2 else "both others" if len(rows) == 3 else "all others"
        return f"{name(best['name'])} is significantly better than {others}"
    return f"No significant difference between {_list([best['name'], *close])}"


def best_difference(results: Results) -> str:
    """Return the second half of the title: the numbers."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{spread(best)} over {counted(n, 'seed')}."
    means = f"{percent(best['mean'])} against {percent(rows[1]['mean'])} for {name(rows[1]['name'])}"
    if n == 1:
        return f"{means}."
    pair = comparison_of(results, best["name"], rows[1]["name"])
    ahead = sign(pair, best["name"])
    over_seeds, over_both = (_range(pair[key], ahead) for key in ("interval", "interval_of_both"))
    test = f", p {p_value(pair['p_adjusted'])}" if pair["judged"] else ""
    return (f"{means}, a difference of {percentage_points(abs(pair['difference']))} percentage points (95% CI {over_seeds} over "
            f"{counted(n, 'seed')}{test}; {over_both} over seeds and images).")  # fmt: skip


def not_distinguishable(results: Results, from_name: str) -> list[str]:
    """Return the configurations that do not differ significantly from ``from_name``, in the order of the table."""
    others = [row["name"] for row in results["table"] if row["name"] != from_name]
    return [other for other in others if not comparison_of(results, from_name, other)["distinguishable"]]


def comparison_of(results: Results, one: str, other: str) -> Mapping[str, Any]:
    """Return the comparison of two configurations, whichever of them is first in it."""
    found: Mapping[str, Any] = next(
        each for each in results["comparisons"] if {each["first"], each["second"]} == {one, other}
    )
    return found


def sign(pair: Mapping[str, Any], ahead: str) -> int:
    """Return 1 if the difference is that of ``ahead`` minus the other, otherwise −1."""
    return 1 if pair["first"] == ahead else -1


def comparison_title(results: Results) -> str:
    """Return how many pairs differ significantly."""
    pairs = results["comparisons"]
    if not pairs[0]["judged"]:
        return "At least 5 seeds are needed for significance tests"
    significant = sum(pair["distinguishable"] for pair in pairs)
    if len(pairs) == 1:
        return "The difference is significant" if significant else "The difference is not significant"
    if significant in (0, len(pairs)):
        return f"All {word(len(pairs))} differences are significant" if significant else "No difference is significant"
    return (
        f"{capital(word(significant))} of {word(len(pairs))} differences {'is' if significant == 1 else 'are'} significant"
    )


def comparison_caption(results: Results) -> str:
    """Explain the tests."""
    number = len(results["comparisons"])
    corrected = f", Holm-corrected for {word(number)} comparisons" if number > 1 else ""
    return (f"Differences are paired by seed. p is from the paired t-test{corrected}. The test and the first interval hold for "
            "other seeds on the same test images; “Over both” allows for other images too.")  # fmt: skip


def pair_result(pair: Mapping[str, Any]) -> str:
    """Return the result of a comparison for a table cell."""
    if not pair["judged"]:
        return FEW
    if not pair["distinguishable"]:
        return "no significant difference"
    return f"{name(pair['first'] if pair['difference'] > 0 else pair['second'])} is better"


def _range(interval: Sequence[float], ahead: int) -> str:
    low, high = sorted(ahead * end for end in interval)
    return f"{percentage_points(low)} to {percentage_points(high)}"


def _list(names: Sequence[str]) -> str:
    shown = [name(each) for each in names]
    return shorten_list(shown, MAX_NAMED - 1) if len(names) > MAX_NAMED else join_words(shown)
