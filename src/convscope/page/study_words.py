"""The sentences of a study's page. Each says what these runs measured; none would fit any study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .formats import capital, counted, decimal, joined, name, percent, percent_range, whole

Results = Mapping[str, Any]
MINUS = "\N{MINUS SIGN}"
PACKAGES = {"keras": "Keras", "tensorflow": "TensorFlow", "tensorflow-cpu": "TensorFlow"}


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


def curve_title(results: Results) -> str:
    """What doubling buys, and whom it helps most where that is more than chance."""
    curves, steepest = results["curves"], results["steepest_curve"]
    if steepest is not None:
        best = next(curve for curve in curves if curve["name"] == steepest)
        return f"Twice the training images help {name(steepest)} most: they take {_taken(best)} of its errors"
    falling = [curve for curve in curves if curve["falls"]]
    if not curves or len(falling) < len(curves):
        return "Errors by the size of the training set"
    if len(curves) == 1:
        return f"Twice the training images take {_taken(curves[0])} of the errors from {name(curves[0]['name'])}"
    taken = sorted(1 - curve["factor_of_doubling"] for curve in curves)
    return f"Twice the training images take {percent_range((taken[0], taken[-1]), 0)} of the errors"


def _taken(curve: Mapping[str, Any]) -> str:
    return percent(1 - curve["factor_of_doubling"], 0)


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
    return ("A dot is a training; the bar is the 95% interval of the mean over seeds (Student’s t), which says what other seeds "
            f"would give on these same {whole(results['dataset']['test'])} images. “Over images” is what these trainings would "
            "give on others, by Wilson’s method; “over both” is what other seeds would give on other images, from the variances of "
            "the table of seeds and images.")  # fmt: skip


def best_sentence(results: Results) -> str:
    """What it is worth to quote the best seed."""
    row, n = results["table"][0], len(results["seeds"])
    gain = points(row["best_of"][-1] - row["mean"])
    return (f"Whoever trains {name(row['name'])} {counted(n, 'time')} and quotes the best of them quotes {gain} points more than "
            "the mean: that is the gain of choosing by the test images, and no network is better for it. The columns have what the "
            "best of so many of these trainings reaches on average.")  # fmt: skip


def best_columns(results: Results) -> list[int]:
    """The K that are shown: 1, 2, 5, 10 and so on, and all seeds."""
    n = len(results["seeds"])
    return sorted({k for power in range(4) for step in (1, 2, 5) if (k := step * 10**power) < n} | {n})


def curve_sentence(curve: Mapping[str, Any]) -> str:
    """What more images buy."""
    if curve["exponent"] is None:
        return (
            f"{name(curve['name'])}: a run without a single error has no place on a logarithmic axis, so no line was fitted."
        )
    factor = curve["factor_of_doubling"]
    said = f"twice the images leave {percent(factor, 0)} of the errors"
    interval = curve["factor_interval"]
    if interval is None:
        return f"{name(curve['name'])}: {said}."
    doubt = "" if curve["falls"] else "; so few seeds cannot say whether they help" if interval[1] >= 1 else ""
    return f"{name(curve['name'])}: {said} ({percent(interval[0], 0)} to {percent(interval[1], 0)} over seeds){doubt}."


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
    first = f"{whole(never)} of {images_of(results)}" if never else "No image"
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
    """``"99.44 ± 0.04%"``: mean and standard deviation."""
    if row["sd"] is None:
        return percent(row["mean"])
    return f"{100 * row['mean']:.2f} ± {percent(row['sd'])}"


def points(difference: float) -> str:
    """Percentage points, with a real minus sign."""
    text = f"{100 * difference:.2f}"
    return text.replace("-", MINUS) if float(text) else "0.00"


def images_of(results: Results) -> str:
    """``"10,000 test images"``."""
    return f"{whole(results['dataset']['test'])} test images"
