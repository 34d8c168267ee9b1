"""The conclusion of the report: the result, and its comparison with the baseline."""

from collections.abc import Mapping
from typing import Any

from ...analysis.baseline import pairing_of
from ...formatting import count_of, join_words, p_value, percent_range, percentage_points
from .nouns import Page, baseline_noun, short
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
    return [_comparison(page, test, baseline, model), _shared_errors(page, baseline, model), _costs(page, baseline, model)]


def _comparison(page: Page, test: Numbers, baseline: Numbers, model: str) -> str:
    other, gap = baseline_noun(page), baseline["errors"] - test["errors"]
    title = f"{other} (ANN)" if baseline["model_name"] == "ann" else f"{other} baseline"
    own, others = counted(page["metrics"]["epochs"], "epoch"), counted(baseline["epochs"], "epoch")
    trained = f"trained on the same images for {others} (the {model} for {own})"
    if baseline.get("same_settings"):
        with_time = f"trained with the same settings and time limit, for {others} (the {model} for {own})"
        trained = "trained with the same settings" if own == others else with_time
    if gap == 0:
        return f"The {title}, {trained}, makes {'no errors either' if not test['errors'] else 'exactly as many errors'}."
    pairing = pairing_of(baseline)
    reached = f"The {title}, {trained}, reaches {percent(baseline['accuracy'])}."
    points = f"{percentage_points(abs(pairing.difference))} percentage points"
    low, high = sorted((1 if gap > 0 else -1) * end for end in pairing.interval)
    interval = f"95% CI {percentage_points(low)} to {percentage_points(high)}"
    test_words = f"McNemar test, p {p_value(pairing.p)}"
    if not pairing.significant:
        return (f"{reached} No difference is shown: {points} ({interval}; {test_words}), "
                f"{_errors(test, baseline)}.")  # fmt: skip
    return (f"{reached} The {model} is {'better' if gap > 0 else 'worse'} by {points} ({interval}), a significant difference "
            f"({test_words}). {_ratio(test, baseline, model, other)}")  # fmt: skip


def _ratio(test: Numbers, baseline: Numbers, model: str, other: str) -> str:
    ratio, numbers = baseline["error_ratio"], _errors(test, baseline)
    if not ratio:
        return f"{capital(numbers)}."
    if ratio < 1:
        return f"The {model} makes {percent(1 - ratio, 0)} fewer errors than the {other}: {numbers}."
    return f"The {model} makes {ratio:.2f} times as many errors as the {other}: {numbers}."


def _errors(test: Numbers, baseline: Numbers) -> str:
    own = count_of(test["errors"], "error") if test["errors"] else "no errors"
    return f"{own} against {whole(baseline['errors'])}"


def _shared_errors(page: Page, baseline: Numbers, model: str) -> str:
    parts = [f"{whole(baseline[key])} by {who}" for key, who in (
        ("both_wrong", "both networks"), ("only_model_wrong", f"the {model} alone"),
        ("only_baseline_wrong", f"the {baseline_noun(page)} alone"),
    ) if baseline[key]]  # fmt: skip
    return f"Misclassified images: {join_words(parts) or 'none'}."


def _costs(page: Page, baseline: Numbers, model: str) -> str:
    metrics, other = page["metrics"], baseline_noun(page)
    ratio = metrics["multiply_adds"] / baseline["multiply_adds"]
    text = (f"The {model} has {whole(metrics['parameters'])} parameters, the {other} {whole(baseline['num_parameters'])}. Per "
            f"image, the {model} takes {whole(metrics['multiply_adds'])} multiply-adds, {ratio:.1f} times as many as the "
            f"{other}.")  # fmt: skip
    if pairing_of(baseline).significant:
        text += (" The architectures differ in several respects, so this comparison does not show which of them matters. Each was "
                 "trained once: to compare the architectures, train several seeds of each.")  # fmt: skip
    return text
