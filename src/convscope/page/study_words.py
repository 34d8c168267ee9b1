"""The sentences of a study's page. Each says what these runs measured; none would fit any study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .formats import SPACE, capital, counted, decimal, joined, name, percent, whole, word

Results = Mapping[str, Any]
MINUS = "\N{MINUS SIGN}"
MOST_NAMED = 4
PACKAGES = {"keras": "Keras", "tensorflow": "TensorFlow", "tensorflow-cpu": "TensorFlow"}


def claim(results: Results) -> str:
    """The first half of the title: who is ahead, or that nobody is."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{name(best['name'])} reads {percent(best['mean'])} of {_images(results)} right"
    if n == 1:
        return f"{name(best['name'])} came out ahead, but one seed cannot tell whether by chance"
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
    low, high = sorted(sign(pair, best["name"]) * end for end in pair["interval"])
    return (f"{percent(best['mean'])} against {percent(rows[1]['mean'])} for {name(rows[1]['name'])}, a difference of "
            f"{points(abs(pair['difference']))} points ({points(low)} to {points(high)}) over {counted(n, 'seed')}; "
            f"p{SPACE}{p_value(pair['p_adjusted'])}.")  # fmt: skip


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


def making(results: Results, request: Mapping[str, Any]) -> str:
    """What was run, on what, with what."""
    sizes, versions = len(request["sizes"]), request["versions"]
    at_sizes = f", {counted(sizes, 'size')} of the training set" if sizes > 1 else ""
    packages = [f"{label} {versions[package]}" for package, label in PACKAGES.items() if package in versions]
    return (
        f"{capital(counted(len(results['table']), 'configuration'))}, {counted(len(results['seeds']), 'seed')}{at_sizes}: "
        f"{whole(len(results['runs']))} trainings, one thread each, {_where(request)}with {joined(packages)}."
    )


def _where(request: Mapping[str, Any]) -> str:
    processor = request["machine"]["processor"]
    return f"on {processor}, " if processor else ""


def table_title(results: Results) -> str:
    """How much hangs on the seed."""
    widest = max(results["table"], key=lambda row: row["highest"] - row["lowest"])
    if len(results["seeds"]) == 1:
        return "One training of each"
    between = points(widest["highest"] - widest["lowest"])
    return f"The seed alone moves {name(widest['name'])} by {between} points, from worst to best"


def comparison_title(results: Results) -> str:
    """How many pairs differ."""
    pairs = results["comparisons"]
    told = sum(pair["distinguishable"] for pair in pairs)
    if len(pairs) == 1:
        return "The two differ by more than seeds explain" if told else "Seeds alone may have made the difference"
    if told == len(pairs):
        return f"All {word(len(pairs))} pairs differ by more than seeds explain"
    return f"{capital(word(told))} of {word(len(pairs))} pairs {'differs' if told == 1 else 'differ'} by more than seeds explain"


def curve_title(results: Results) -> str:
    """What doubling buys the one that it helps most."""
    fitted = [curve for curve in results["curves"] if curve["exponent"] is not None]
    if not fitted:
        return "Errors by the size of the training set"
    best = min(fitted, key=lambda curve: float(curve["factor_of_doubling"]))
    factor = best["factor_of_doubling"]
    if factor >= 1:
        return "More training images did not help"
    return f"Twice the training images take {percent(1 - factor, 0)} of its errors from {name(best['name'])}"


def search_title(results: Results) -> str:
    """Whether anything was found."""
    found = sum(bool(each["setting"]) for each in results["searches"])
    if not found:
        return "No better settings were found"
    return "Settings that do better on validation images"


def hard_title(results: Results) -> str:
    """How many images nobody reads."""
    hard = results["hard_images"]
    never = sum(each["wrong"] == each["runs"] for each in hard)
    if not never:
        return (
            f"The {counted(len(hard), 'image')} that most runs get wrong"
            if len(hard) > 1
            else "The image that most runs get wrong"
        )
    return f"{capital(counted(never, 'image'))} that no run gets right"


def table_reading(results: Results) -> str:
    """How to read the first figure."""
    if len(results["seeds"]) == 1:
        return "A dot is a training. With one seed there is no spread to show."
    return ("A dot is a training; the bar is the 95 % interval of the mean over seeds (Student’s t), which says what other seeds "
            f"would give on these same {whole(results['dataset']['test'])} images. What other images would give is less sure: "
            "the column to the right of it has that interval, by Wilson’s method.")  # fmt: skip


def comparison_reading(results: Results) -> str:
    """Which tests, and with what in mind."""
    number = len(results["comparisons"])
    corrected = f" With {word(number)} comparisons, p is corrected by Holm’s method." if number > 1 else ""
    return ("Differences are taken seed by seed. p is that of Student’s paired t-test; the last column has Wilcoxon’s signed-rank "
            f"test, which asks for no normal distribution but for more seeds, and is not corrected.{corrected} Both speak of "
            "training again on the same images, judged by the same test images.")  # fmt: skip


def curve_sentence(curve: Mapping[str, Any]) -> str:
    """What more images buy."""
    if curve["exponent"] is None:
        return (
            f"{name(curve['name'])}: a run without a single error has no place on a logarithmic axis, so no line was fitted."
        )
    factor = curve["factor_of_doubling"]
    said = f"twice the images leave {percent(factor, 0)} of the errors"
    interval = curve["exponent_interval"]
    if interval is None:
        return f"{name(curve['name'])}: {said}."
    low, high = (2.0**-end for end in reversed(interval))
    return f"{name(curve['name'])}: {said} ({percent(low, 0)} to {percent(high, 0)} over seeds)."


def search_sentence(found: Mapping[str, Any]) -> str:
    """What a search came to, and how much of that is selection."""
    title = f"{name(found['model'])}, from the recipe {name(found['recipe'])}"
    given_up = f", of which {counted(found['pruned'], 'was', 'were')} given up early" if found["pruned"] else ""
    tried = f"{counted(found['trials'], 'trial')}{given_up}"
    if not found["setting"]:
        return f"{title}: {tried}; no setting had a lower validation loss than the recipe’s own."
    return (f"{title}: {tried}; the best has a validation loss of {decimal(found['validation_loss'])} and an accuracy of "
            f"{percent(found['validation_accuracy'])}, the recipe itself {decimal(found['base_loss'])} and "
            f"{percent(found['base_accuracy'])}. The best of several is flattered by having been chosen; what it is worth, the "
            "table says.")  # fmt: skip


def hard_sentence(results: Results) -> str:
    """How many images no run got right."""
    hard = results["hard_images"]
    never, runs = sum(each["wrong"] == each["runs"] for each in hard), hard[0]["runs"]
    first = f"{whole(never)} of {_images(results)}" if never else "No image"
    cut = " or more" if never and never == len(hard) else ""
    return (
        f"{first}{cut} went wrong in every one of the {runs} runs. Such an image is beyond all of these networks, or its label is "
        "wrong: look at it before you blame either."
    )


def setting_words(setting: Mapping[str, float]) -> list[tuple[str, str]]:
    """What was varied, by name, with its value."""
    known = {"learning_rate": ("learning rate", "{:.3g}"), "weight_decay": ("weight decay", "{:.3g}"),
             "batch_size": ("batch size", "{:.0f}"), "label_smoothing": ("label smoothing", "{:.3f}"),
             "augmentation": ("augmentation, times the recipe’s", "{:.2f}")}  # fmt: skip
    words = [(label, form.format(setting[key])) for key, (label, form) in known.items() if key in setting]
    if "slowness" in setting:
        words.append(("beta 2", f"{1 - setting['slowness']:.4f}"))
    return words


def spread(row: Mapping[str, Any]) -> str:
    """``"99.44 ± 0.04 %"``: mean and standard deviation."""
    if row["sd"] is None:
        return percent(row["mean"])
    return f"{100 * row['mean']:.2f} ± {percent(row['sd'])}"


def points(difference: float) -> str:
    """Percentage points, with a real minus sign."""
    text = f"{100 * difference:.2f}"
    return text.replace("-", MINUS) if float(text) else "0.00"


def p_value(p: float) -> str:
    """``"< 0.001"``, or ``"= 0.034"``."""
    return f"<{SPACE}0.001" if p < 0.001 else f"={SPACE}{p:.3f}"


def verdict(pair: Mapping[str, Any]) -> str:
    """In a cell of the table."""
    if not pair["distinguishable"]:
        return "can’t be told apart"
    return f"{name(pair['first'] if pair['difference'] > 0 else pair['second'])} is better"


def _and(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{joined([name(each) for each in names[: MOST_NAMED - 1]] + [f'{len(names) - MOST_NAMED + 1} more'])}"
    return joined([name(each) for each in names])


def _images(results: Results) -> str:
    return f"{whole(results['dataset']['test'])} test images"
