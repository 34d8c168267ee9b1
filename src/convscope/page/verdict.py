"""The notebook's conclusion, written from the numbers: better, worse, or not to be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analysis.intervals import overlap
from .facts import Page, number_of, short
from .formats import capital, counted, percent, whole

Numbers = Mapping[str, Any]
"""``metrics.test`` or ``metrics.baseline``."""


def verdict(page: Page) -> list[str]:
    """The notebook's conclusion: the result, and what it is worth beside the simpler network."""
    test, baseline, model = page["metrics"]["test"], page["metrics"].get("baseline"), short(page["run"]["model"])
    result = (f"Overall, the {model} is right on {percent(test['accuracy'])} of the test images, or, with 95 % confidence, on "
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
    better = gap > 0
    points = 100 * abs(test["accuracy"] - baseline["accuracy"])
    apart = not overlap(test["interval"], baseline["interval"])
    doubt = ("The two intervals do not overlap, though each network was trained only once." if apart else
             "But the two intervals overlap: one training of each does not settle which is better.")  # fmt: skip
    errors = _errors_in_words(test["errors"], baseline, model, other)
    return (f"That is {'even better' if better else 'worse'} than the {other}, which was trained on the same images "
            f"{_for(baseline)} and is right on {percent(baseline['accuracy'])}. The difference is {points:.2f} percentage points, "
            f"{errors}. {doubt}")  # fmt: skip


def _for(baseline: Numbers) -> str:
    return f"for {counted(baseline['epochs'], 'epoch')}"


def _errors_in_words(errors: int, baseline: Numbers, model: str, other: str) -> str:
    ratio = baseline["error_ratio"]
    numbers = f"{whole(errors)} against {whole(baseline['errors'])}"
    if ratio is None:
        return f"in mistakes {numbers}"
    if ratio < 0.45:
        return f"but the error rate is cut to less than half ({numbers}, {ratio:.2f} times)"
    if ratio <= 0.55:
        return f"but the error rate is about halved ({numbers}, {ratio:.2f} times)"
    return f"and the {model} makes {ratio:.2f} times the mistakes of the {other} ({numbers})"


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
    if number_of(page, "Conv2D") and metrics["test"]["interval"][0] > baseline["interval"][1]:
        text += (" What it gains by is the convolutions: they look for the same small features at every place of an image, where "
                 "dense layers have to learn each place anew.")  # fmt: skip
    return text
