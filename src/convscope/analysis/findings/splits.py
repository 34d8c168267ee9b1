"""Findings on training, validation and test images side by side."""

from collections.abc import Mapping
from typing import Any

from ...formatting import count_of, p_value, percent, percentage_points
from ..label_audit.suspects import NOISE, knows_classes
from ..ood.mahalanobis import MIN_IMAGES
from ..statistics.paired import LEVEL
from ..statistics.proportions import wilson
from ..uncertainty.selective_prediction import best_provable_accuracy
from .finding import Finding, interval_text


def generalisation(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the accuracies on training and validation images if they differ significantly."""
    splits = metrics.get("splits")
    if not splits or splits["train_minus_validation"]["p"] > LEVEL:
        return None
    train, validation = percent(splits["train"]["accuracy"]), percent(splits["validation"]["accuracy"])
    found = splits["train_minus_validation"]
    why = "it fits the images it was trained on better than others" if found["value"] > 0 else "the two are not equally hard"
    return Finding(
        f"Without augmentation, the final network classifies {train} of {splits['train']['n']:,} training images correctly and "
        f"{validation} of {count_of(splits['validation']['n'], 'validation image')}, {_difference(found)}: {why}.",
        f"Training accuracy {train}, validation {validation}",
        "accuracy",
        found["value"],
        list(found["interval"]),
    )


def validation_and_test(metrics: Mapping[str, Any]) -> Finding | None:
    """Return that validation and test accuracy differ significantly, so that what was chosen on one may not hold on the other."""
    splits = metrics.get("splits")
    if not splits or splits["validation_minus_test"]["p"] > LEVEL:
        return None
    validation, test = percent(splits["validation"]["accuracy"]), percent(splits["test"]["accuracy"])
    found = splits["validation_minus_test"]
    return Finding(
        f"Accuracy is {validation} on the validation images and {test} on the test images, {_difference(found)}: the two are not "
        "alike, so thresholds and probabilities fitted on the former may not hold on the latter.",
        f"Validation {validation} and test {test} differ",
        "accuracy",
        found["value"],
        list(found["interval"]),
    )


def noisy_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Return that errors are frequent where the network is confident, as wrong labels make them; none after a label audit."""
    splits = metrics.get("splits")
    if not splits or metrics.get("label_audit"):
        return None
    validation, confident = splits["validation"], splits["confident_errors"]
    errors = validation["n"] - validation["count"]
    largest = max(metrics.get("data", {}).get("class_counts", {}).get("validation", ()), default=0)
    if not errors or not knows_classes(validation["count"], validation["n"], largest=largest):
        return None
    if (interval := wilson(confident, errors)).low <= NOISE:
        return None
    share = percent(confident / errors, 0)
    return Finding(
        f"Of {errors:,} validation images that the network classifies unlike their label, {confident:,} ({share}, "
        f"{interval_text(list(interval), 0)}) are in the half that it is more confident about. Wrong labels look like that; "
        "convscope audit lists the labels to check.",
        f"Labels look noisy: {share} of the errors are confident",
        "accuracy",
        confident / errors,
        list(interval),
    )


def few_validation_images(metrics: Mapping[str, Any]) -> Finding | None:
    """Return what the validation images are too few for, if there are few."""
    splits = metrics.get("splits")
    if not splits or splits["validation"]["n"] >= MIN_IMAGES:
        return None
    validation = splits["validation"]
    n = count_of(validation["n"], "validation image")
    return Finding(
        f"{n}, {percent(validation['accuracy'], 1)} correct ({interval_text(validation['interval'], 1)}), can support no threshold "
        f"for out-of-distribution images, and no confidence threshold for an accuracy above "
        f"{percent(best_provable_accuracy(validation['n']), 1)}.",
        f"Only {n}: no out-of-distribution warnings",
        "accuracy",
        validation["accuracy"],
        list(validation["interval"]),
    )


def _difference(found: Mapping[str, Any]) -> str:
    low, high = (percentage_points(end) for end in found["interval"])
    return (
        f"a difference of {percentage_points(found['value'])} percentage points (95% CI {low} to {high}, permutation test, "
        f"p {p_value(found['p'])})"
    )
