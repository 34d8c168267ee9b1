"""Findings on the test accuracy: alone, against the baseline, and with uneven classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...data.checks import describe_imbalance
from ...formatting import count_of, join_words, p_value, percent, percentage_points, shorten_list
from ..baseline import noun, pairing_of
from ..comparison_text import mcnemar
from ..statistics.paired import LEVEL
from ..statistics.proportions import binomial_tail, homogeneity_p, simultaneous_wilson
from .finding import Finding, interval_text


def result(test: Mapping[str, Any]) -> Finding:
    """Return the test accuracy with its interval, beside the share of the largest class."""
    accuracy, interval = percent(test["accuracy"]), test["interval"]
    errors = f"{count_of(test['errors'], 'error')} in {count_of(test['n'], 'image')}"
    return Finding(
        f"Test accuracy {accuracy} ({interval_text(interval)}): {errors}{constant_answer(test)}.",
        f"Test accuracy {accuracy}",
        "confusion_matrix",
        test["accuracy"],
        list(interval),
    )


def constant_answer(test: Mapping[str, Any]) -> str:
    """Return what the share of the largest class says about the accuracy; empty for runs from before it was measured."""
    majority = test.get("majority")
    if majority is None:
        return ""
    text = f"; always answering {majority['class_name']} reaches {percent(majority['share'])}"
    if majority["uneven"]:
        balanced = percent(test["balanced_accuracy"])
        text += f"; balanced accuracy {balanced} ({interval_text(test['balanced_accuracy_interval'])})"
    never = test["never_predicted"]
    return text + (f"; never predicted: {shorten_list(never)}" if never else "")


def better_than_majority(test: Mapping[str, Any]) -> Finding | None:
    """Return that the network is significantly worse, or not significantly better, than always answering the largest class."""
    majority = test.get("majority")
    if majority is None or majority["better"] or len([each for each in test["per_class"] if each["support"]]) < 2:
        return None
    low, high = majority["difference_interval"]
    supports = [each["support"] for each in test["per_class"]]
    largest = "the largest class" if supports.count(max(supports)) == 1 else "one of the largest classes"
    is_worse = majority["p"] <= LEVEL and majority["difference"] < 0
    verdict = "significantly worse" if is_worse else "not significantly better"
    return Finding(
        f"The network is {verdict} than always answering {majority['class_name']}, {largest}, with "
        f"{percent(majority['share'])} of the test images: the difference in accuracy is "
        f"{percentage_points(majority['difference'])} percentage points (95% CI {percentage_points(low)} to "
        f"{percentage_points(high)}, {mcnemar(majority['p'])}).",
        f"{'Worse' if is_worse else 'Not better'} than always answering {majority['class_name']} ({percent(majority['share'])})",
        "confusion_matrix",
        majority["difference"],
        [low, high],
    )


def compared_with_baseline(metrics: Mapping[str, Any], model_name: str) -> Finding | None:
    """Return the difference from the baseline, if one of both networks makes an error."""
    baseline = metrics.get("baseline")
    if baseline is None or (baseline["error_ratio"] is None and not metrics["test"]["errors"]):
        return None
    test, pairing = metrics["test"], pairing_of(baseline)
    model, other = model_name.upper(), noun(baseline["model_name"])
    low, high = pairing.interval
    numbers = f"{test['errors']:,} against {baseline['errors']:,} on the same {count_of(test['n'], 'test image')}"
    counts = f"({test['errors']:,} vs {baseline['errors']:,})"
    if not pairing.significant:
        text, brief = (
            f"No difference in errors between the {model} and the {other} is shown",
            f"No difference from the {other} shown",
        )
    elif pairing.difference < 0:
        text, brief = f"The {other} makes fewer errors than the {model}", f"The {other} makes fewer errors"
        numbers = f"{baseline['errors']:,} against {test['errors']:,} on the same {count_of(test['n'], 'test image')}"
        counts = f"({baseline['errors']:,} vs {test['errors']:,})"
    else:
        size = f"{percent(1 - baseline['error_ratio'], 0)} fewer"
        text, brief = f"The {model} makes {size} errors than the {other}", f"{size} errors than the {other}"
    return Finding(
        f"{text}: {numbers}. The difference in accuracy is {percentage_points(pairing.difference)} percentage points (95% CI "
        f"{percentage_points(low)} to {percentage_points(high)}, {mcnemar(pairing.p)}).",
        f"{brief} {counts}",
        "baseline",
        pairing.difference,
        [low, high],
    )


def differing_classes(test: Mapping[str, Any]) -> Finding | None:
    """Return the range of recall over the classes if the classes differ significantly.

    A class is called the worst only if its interval lies below that of every other class.
    """
    classes = [entry for entry in test["per_class"] if entry["support"]]
    p = recall_p(test["per_class"])
    if len(classes) < 3 or p > LEVEL:
        return None
    worst, best = (choose(classes, key=lambda entry: entry["recall"]) for choose in (min, max))
    # The worst was chosen among all classes, so the intervals of all of them must hold at once.
    intervals = [simultaneous_wilson(_hits(entry), entry["support"], len(classes)) for entry in classes]
    own = intervals[classes.index(worst)]
    others = (interval.low for entry, interval in zip(classes, intervals, strict=True) if entry is not worst)
    lowest = f"; {worst['class_name']} is significantly worse than every other class" if own.high < min(others) else ""
    recall, interval = percent(worst["recall"]), list(own)
    of_worst, of_best = (
        shorten_list([str(each["class_name"]) for each in classes if each["recall"] == end["recall"]], 1)
        for end in (worst, best)
    )
    return Finding(
        f"Recall differs between the {len(classes)} classes (permutation test, p {p_value(p)}): from {recall} (simultaneous "
        f"{interval_text(interval)}) for {of_worst} to {percent(best['recall'])} for {of_best}{lowest}.",
        f"Lowest recall: {recall}, for {of_worst}",
        "per_class",
        worst["recall"],
        interval,
    )


def recall_p(per_class: Sequence[Mapping[str, Any]]) -> float:
    """Return the p-value of the hypothesis that all classes have the same recall."""
    return homogeneity_p(tuple(map(_hits, per_class)), tuple(entry["support"] for entry in per_class))


def _hits(entry: Mapping[str, Any]) -> int:
    return round(float(entry["recall"]) * int(entry["support"]))


MAX_NAMED = 3


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
    interval = list(simultaneous_wilson(first["count"], errors, cells))
    count = f"{first['count']:,} of {errors:,} errors"
    share = f"{count} (simultaneous {interval_text(interval, 0)}, {cells:,} class pairs)"
    frequent = [pair for pair in pairs if _exceeds_even_spread(pair["count"], errors, cells)][:MAX_NAMED]
    if is_most_frequent([pair["count"] for pair in pairs]):
        following = f"; the next has significantly fewer, {pairs[1]['count']:,}" if len(pairs) > 1 else ""
        text = f"The most frequent confusion is {_pair(first)}, with {share}{following}."
        brief = f"Most common mix-up: {_read_as(first)} ({first['count']:,} of {errors:,})"
    elif len(frequent) > 1:
        named = join_words([f"{_pair(pair)} ({pair['count']:,})" for pair in frequent])
        brief = "Frequent mix-ups: " + join_words([f"{_read_as(pair)} ({pair['count']:,})" for pair in frequent[:2]])
        text = (
            f"{named} are significantly more frequent than {errors:,} errors spread evenly over {cells:,} class pairs would be. "
            f"The first accounts for {share}; none of them is significantly the most frequent."
        )
    else:
        return None
    return Finding(text, brief, "confusion_matrix", first["count"] / errors, interval)


def is_most_frequent(counts: Sequence[int]) -> bool:
    """Return whether the first confusion is significantly more frequent than all others.

    A two-sided binomial test of the winner against the runner-up, which keeps its level for any number of competitors: K. Hung
    and W. Fithian, "Rank verification for exponential families", Annals of Statistics 47, 2019.

    ``counts`` are in descending order.
    """
    if not counts:
        return False
    first, second = counts[0], counts[1] if len(counts) > 1 else 0
    return 2 * binomial_tail(first, first + second, 1 / 2) <= LEVEL


def _exceeds_even_spread(count: int, errors: int, cells: int) -> bool:
    return cells * binomial_tail(count, errors, 1 / cells) <= LEVEL


def _pair(pair: Mapping[str, Any]) -> str:
    return f"{pair['true']} predicted as {pair['predicted']}"


def _read_as(pair: Mapping[str, Any]) -> str:
    """Return a confusion as one would say it: digits are read."""
    is_number = str(pair["true"]).isdecimal()
    return f"{pair['true']} {'read' if is_number else 'predicted'} as {pair['predicted']}"


def uneven_classes(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the balanced accuracy if the training images are unevenly spread over the classes, or something was done about it."""
    test, balance = metrics["test"], metrics.get("balance")
    names = [each["class_name"] for each in test["per_class"]]
    counts = metrics.get("data", {}).get("class_counts", {}).get("train", ())
    uneven = describe_imbalance(np.array(counts, np.int64), names)
    if not (uneven or balance) or "balanced_accuracy" not in test:
        return None
    balanced, interval = percent(test["balanced_accuracy"]), test["balanced_accuracy_interval"]
    tested = sum(each["support"] > 0 for each in test["per_class"])
    which = "classes" if tested == len(names) else count_of(tested, "class with test images", "classes with test images")
    return Finding(
        f"{(uneven or 'classes are even').capitalize()}. Balanced accuracy, the mean recall of the {which}, is {balanced} "
        f"({interval_text(interval)}) on the test images. {_done(balance, names)}",
        f"Balanced accuracy {balanced}, of imbalanced classes" if uneven else f"Balanced accuracy {balanced}",
        "per_class",
        test["balanced_accuracy"],
        list(interval),
    )


def _done(balance: Mapping[str, Any] | None, names: list[str]) -> str:
    if balance is None:
        return "To raise the recall of rare classes, train with --balance prior or --balance weights."
    factors = balance["factors"]
    if balance["method"] == "weights":
        most, least = (choose(range(len(factors)), key=factors.__getitem__) for choose in (max, min))
        return (
            f"The loss weighted an image of {names[most]} {factors[most] / factors[least]:.1f} times as much as one of "
            f"{names[least]}; only a second run, without --balance, shows the effect."
        )
    effects = [
        f"{_change(effect, 'balanced_accuracy')} on {count_of(effect['n'], f'{split} image')} (accuracy "
        f"{_change(effect, 'accuracy')})"
        for split in ("validation", "test")
        if (effect := balance[split])
    ]
    return f"Correcting the logits by class frequency changed it {' and '.join(effects)}."


def _change(effect: Mapping[str, Any], name: str) -> str:
    return f"from {percent(effect[f'{name}_without'], 1)} to {percent(effect[name], 1)}"
