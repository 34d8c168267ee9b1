"""The notebook's conclusion, written from the numbers: better, worse, or not to be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analysis.baseline import pairing_of
from ..analysis.comparison_words import mcnemar
from ..analysis.comparison_words import points as differences
from .facts import Page, short
from .formats import capital, counted, percent, whole

Numbers = Mapping[str, Any]
"""``metrics.test`` or ``metrics.baseline``."""


def verdict(page: Page) -> list[str]:
    """The notebook's conclusion: the result, and what it is worth beside the simpler network."""
    test, baseline, model = page["metrics"]["test"], page["metrics"].get("baseline"), short(page["run"]["model"])
    result = (f"Overall, the {model} is right on {percent(test['accuracy'])} of the test images, or, with 95% confidence, on "
              f"between {percent(test['interval'][0])} and {percent(test['interval'][1])} of all images of this kind.")  # fmt: skip
    if baseline is None:
        return [
            f"{result} No simpler network was trained beside it, so this page cannot say how much of that is its own merit."
        ]
    return [f"{result} {_compared(test, baseline, model)}", _shared(baseline, model), _price(page, baseline, model)]


def _compared(test: Numbers, baseline: Numbers, model: str) -> str:
    other, gap = short(baseline["model_name"]), baseline["errors"] - test["errors"]
    if gap == 0:
        return f"The {other}, trained on the same images {_for(baseline)}, makes exactly as many mistakes."
    pairing = pairing_of(baseline)
    beside = f"the {other}, which was trained on the same images {_for(baseline)}"
    points = f"{100 * abs(pairing.difference):.2f} percentage points"
    if not pairing.significant:
        return (f"{capital(beside)}, is right on {percent(baseline['accuracy'])}. The difference of {points} is no more than "
                f"chance makes of two equally good networks ({mcnemar(pairing.p)}): {_instead(test, baseline)}. With 95% "
                f"confidence it lies {_between(pairing.interval.low, pairing.interval.high)}.")  # fmt: skip
    ends = (pairing.interval.low, pairing.interval.high)
    low, high = ends if gap > 0 else (-ends[1], -ends[0])
    return (f"That is {'even better' if gap > 0 else 'worse'} than {beside} and is right on {percent(baseline['accuracy'])}. The "
            f"difference is {points}, with 95% confidence {_between(low, high)}: more than chance makes of two equally good "
            f"networks ({mcnemar(pairing.p)}). {_ratio(test, baseline, model, other)} Each was trained once, so this is about "
            "these two networks; about their kinds, several seeds of each would tell.")  # fmt: skip


def _for(baseline: Numbers) -> str:
    return f"for {counted(baseline['epochs'], 'epoch')}"


def _between(low: float, high: float) -> str:
    return f"between {differences(low, unit=False)} and {differences(high, unit=False)}"


def _ratio(test: Numbers, baseline: Numbers, model: str, other: str) -> str:
    ratio, numbers = baseline["error_ratio"], _instead(test, baseline)
    if ratio is None:
        return f"In numbers: {numbers}."
    if ratio < 0.45:
        return f"The error rate is cut to less than half: {numbers}."
    if ratio <= 0.55:
        return f"The error rate is about halved: {numbers}."
    return f"The {model} makes {ratio:.2f} times the mistakes of the {other}: {numbers}."


def _instead(test: Numbers, baseline: Numbers) -> str:
    return f"{counted(test['errors'], 'mistake')} against {whole(baseline['errors'])}"


def _shared(baseline: Numbers, model: str) -> str:
    other = short(baseline["model_name"])
    both = capital(counted(baseline["both_wrong"], "image defeats", "images defeat"))
    only_own, only_other = whole(baseline["only_model_wrong"]), whole(baseline["only_baseline_wrong"])
    return f"{both} both networks; {only_own} only the {model}, {only_other} only the {other}."


def _price(page: Page, baseline: Numbers, model: str) -> str:
    metrics, other = page["metrics"], short(baseline["model_name"])
    work = metrics["multiply_adds"] / baseline["multiply_adds"]
    text = (f"The {model} has {whole(metrics['parameters'])} parameters and takes {whole(metrics['multiply_adds'])} multiply-adds "
            f"per image, {work:.1f} times the work of the {other} with its {whole(baseline['num_parameters'])} "
            "parameters.")  # fmt: skip
    if pairing_of(baseline).significant:
        text += " The two differ in more than one respect, so what the difference comes from was not measured."
    return text
