"""What this run shows, in sentences made from its own numbers. No sentence without evidence, none that fits every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..percent import percent
from .intervals import overlap


@dataclass(frozen=True)
class Finding:
    """A sentence, and the figure (or section) in which its evidence is."""

    text: str
    figure: str


def find(metrics: Mapping[str, Any], *, model_name: str) -> tuple[Finding, ...]:
    """The findings of a run, from its ``metrics``, the most important first."""
    candidates = (
        _result(metrics["test"]),
        _baseline(metrics, model_name),
        _confusions(metrics["test"]),
        _worst_class(metrics["test"]),
        _generalisation(metrics),
        _costs(metrics["layers"]),
        _blind(metrics),
    )
    return tuple(finding for finding in candidates if finding is not None)


def _result(test: Mapping[str, Any]) -> Finding:
    low, high = test["interval"]
    return Finding(
        f"{percent(test['accuracy'])} of {test['n']:,} test images are classified correctly, between {percent(low)} and "
        f"{percent(high)} with 95 % confidence; {_images(test['errors'])} went wrong.",
        "confusion_matrix",
    )


def _baseline(metrics: Mapping[str, Any], model_name: str) -> Finding | None:
    baseline = metrics.get("baseline")
    if baseline is None or baseline["error_ratio"] is None:
        return None
    own, other, ratio = metrics["test"], baseline["model_name"].upper(), baseline["error_ratio"]
    verdict = (
        f"{model_name.upper()} makes {ratio:.2f} times the errors of the {other}: {own['errors']} against "
        f"{baseline['errors']}"
    )
    doubt = "their intervals do not overlap"
    if overlap(own["interval"], baseline["interval"]):
        doubt = "their intervals overlap, so one run of each does not settle which is better"
    return Finding(
        f"The {verdict} ({percent(own['accuracy'])} against {percent(baseline['accuracy'])}); {doubt}.", "baseline"
    )


def _confusions(test: Mapping[str, Any]) -> Finding | None:
    pairs = test["confused_pairs"]
    if not pairs:
        return None
    first = pairs[0]
    text = f"The most frequent confusion: {first['true']} taken for {first['predicted']}, {first['count']} of {first['support']:,}"
    others = [f"{pair['true']} for {pair['predicted']} ({pair['count']})" for pair in pairs[1:3]]
    return Finding(text + (f"; then {' and '.join(others)}." if others else "."), "confusion_matrix")


def _worst_class(test: Mapping[str, Any]) -> Finding | None:
    classes = [entry for entry in test["per_class"] if entry["support"]]
    if len(classes) < 3 or test["errors"] == 0:
        return None
    worst, best = (choose(classes, key=lambda entry: entry["recall"]) for choose in (min, max))
    doubt = "their 95 % intervals do not overlap"
    if overlap(worst["recall_interval"], best["recall_interval"]):
        doubt = "their 95 % intervals overlap, so it may be chance"
    return Finding(
        f"Recall runs from {percent(worst['recall'])} for {worst['class_name']} to {percent(best['recall'])} for "
        f"{best['class_name']}; {doubt}.",
        "per_class",
    )


def _generalisation(metrics: Mapping[str, Any]) -> Finding | None:
    """Only a gap beyond the validation accuracy's own interval is worth a sentence."""
    last = metrics["history"]["last_epoch"]
    low, high = metrics["history"]["validation_interval"]
    shares = (
        f"{percent(last['accuracy'])} of the training images and {percent(last['val_accuracy'])} of the validation images"
    )
    if last["accuracy"] > high:
        return Finding(
            f"In the last epoch it was right on {shares}: it knows its training images better than new ones, "
            "by more than chance explains.",
            "accuracy",
        )
    if last["accuracy"] < low:
        return Finding(
            f"In the last epoch it was right on {shares}: the harder ones are those it trains on, which are changed "
            "at random or were met before it had learnt.",
            "accuracy",
        )
    return None


def _costs(layers: list[Mapping[str, Any]]) -> Finding | None:
    parameters, work = (sum(layer[key] for layer in layers) for key in ("num_parameters", "multiply_adds"))
    heaviest = max(layers, key=lambda layer: layer["num_parameters"])
    busiest = max(layers, key=lambda layer: layer["multiply_adds"])
    if heaviest["name"] == busiest["name"] or not work:
        return None
    return Finding(
        f"{percent(heaviest['num_parameters'] / parameters, 0)} of the parameters are in {heaviest['name']}, but "
        f"{percent(busiest['multiply_adds'] / work, 0)} of the work is done in {busiest['name']}.",
        "model_diagram",
    )


def _blind(metrics: Mapping[str, Any]) -> Finding | None:
    rows, columns = metrics["blind_pixels"]["rows"], metrics["blind_pixels"]["columns"]
    if not rows and not columns:
        return None
    places = [f"{what} {_range(lines)}" for what, lines in (("rows", rows), ("columns", columns)) if lines]
    return Finding(
        f"Input {' and '.join(places)} can never change the answer: the poolings drop what does not fill a window.",
        "model_diagram",
    )


def _range(lines: list[int]) -> str:
    return str(lines[0]) if len(lines) == 1 else f"{lines[0]} to {lines[-1]}"


def _images(number: int) -> str:
    return {0: "none", 1: "one image"}.get(number, f"{number:,} images")
