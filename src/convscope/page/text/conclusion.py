"""The conclusion of the report: the result, and its comparison with the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...analysis.baseline import pairing_of
from ...formatting import count_of, p_value, percent_range, percentage_points
from .nouns import Page, short
from .numbers import capital, counted, percent, whole

Numbers = Mapping[str, Any]
"""``metrics.test`` or ``metrics.baseline``."""


def paragraphs(page: Page) -> list[str]:
    """Return the conclusion, one string per paragraph."""
    test, baseline, model = page["metrics"]["test"], page["metrics"].get("baseline"), short(page["run"]["model"])
    result = (
        f"The {model} reaches a test accuracy of {percent(test['accuracy'])} (95% CI {percent_range(test['interval'])})."
    )
    if baseline is None:
        return [f"{result} No baseline was trained, so this report does not show how much of that is due to the model."]
    return [f"{result} {_comparison(test, baseline, model)}", _shared_errors(baseline, model), _costs(page, baseline, model)]


def _comparison(test: Numbers, baseline: Numbers, model: str) -> str:
    other, gap = short(baseline["model_name"]), baseline["errors"] - test["errors"]
    trained = f"trained on the same images for {counted(baseline['epochs'], 'epoch')}"
    if gap == 0:
        return f"The {other} baseline, {trained}, makes exactly as many errors."
    pairing = pairing_of(baseline)
    reached = f"The {other} baseline, {trained}, reaches {percent(baseline['accuracy'])}."
    points = f"{percentage_points(abs(pairing.difference))} percentage points"
    low, high = sorted((1 if gap > 0 else -1) * end for end in (pairing.interval.low, pairing.interval.high))
    interval = f"95% CI {percentage_points(low)} to {percentage_points(high)}"
    test_words = f"McNemar, mid-p {p_value(pairing.p)}"
    if not pairing.significant:
        return (f"{reached} The difference of {points} is not significant ({test_words}; {interval}): "
                f"{_errors(test, baseline)}.")  # fmt: skip
    return (f"{reached} The {model} is {'better' if gap > 0 else 'worse'} by {points} ({interval}), a significant difference "
            f"({test_words}). {_ratio(test, baseline, model, other)} Each network was trained once: to compare the architectures, "
            "train several seeds of each.")  # fmt: skip


def _ratio(test: Numbers, baseline: Numbers, model: str, other: str) -> str:
    ratio, numbers = baseline["error_ratio"], _errors(test, baseline)
    if ratio is None:
        return f"{capital(numbers)}."
    if ratio < 0.45:
        return f"The error rate is less than half: {numbers}."
    if ratio <= 0.55:
        return f"The error rate is about half: {numbers}."
    return f"The {model} makes {ratio:.2f} times as many errors as the {other}: {numbers}."


def _errors(test: Numbers, baseline: Numbers) -> str:
    return f"{count_of(test['errors'], 'error')} against {whole(baseline['errors'])}"


def _shared_errors(baseline: Numbers, model: str) -> str:
    own, other = whole(baseline["only_model_wrong"]), whole(baseline["only_baseline_wrong"])
    return (f"Both networks misclassify {count_of(baseline['both_wrong'], 'image')}, only the {model} {own}, only the "
            f"{short(baseline['model_name'])} {other}.")  # fmt: skip


def _costs(page: Page, baseline: Numbers, model: str) -> str:
    metrics, other = page["metrics"], short(baseline["model_name"])
    ratio = metrics["multiply_adds"] / baseline["multiply_adds"]
    text = (f"The {model} has {whole(metrics['parameters'])} parameters and takes {whole(metrics['multiply_adds'])} multiply-adds "
            f"per image, {ratio:.1f} times as many as the {other} with its {whole(baseline['num_parameters'])} "
            "parameters.")  # fmt: skip
    if pairing_of(baseline).significant:
        text += " The networks differ in several respects, so this comparison does not show which of them matters."
    return text
