"""What a thorough evaluation showed, in sentences made from its own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..percent import percent
from .intervals import overlap

CHANCE = 0.5
"""Area under the ROC curve of a score that tells nothing."""


def robustness_findings(metrics: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(sentence, figure or section) pairs from a run's ``metrics``; none where it was not examined."""
    candidates = (_corruptions(metrics), _attacks(metrics), _strangers(metrics))
    return tuple(each for each in candidates if each is not None)


def _corruptions(metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    robustness = metrics.get("robustness")
    if not robustness:
        return None
    mean, clean = robustness["mean"], robustness["clean"]
    text = (
        f"Corrupted in fifteen kinds at five strengths, {percent(mean['accuracy'], 1)} of {robustness['n']:,} test images are "
        f"classified correctly, between {percent(mean['interval'][0], 1)} and {percent(mean['interval'][1], 1)} with 95 % "
        f"confidence, against {percent(clean['accuracy'], 1)} as they are"
    )
    if robustness["worst"] is None:
        return f"{text}; which kind is the worst cannot be told from so many images.", "robustness"
    worst = next(kind for kind in robustness["kinds"] if kind["kind"] == robustness["worst"])
    return f"{text}; {worst['title']} is the worst, with {percent(worst['accuracy'], 1)}.", "robustness"


def _attacks(metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    """The smallest ε that takes half of the accuracy away, with certainty."""
    attacks = metrics.get("attacks")
    if not attacks:
        return None
    half = attacks["clean"]["accuracy"] / 2
    for epsilon, pgd in zip(attacks["epsilons"], attacks["pgd"], strict=True):
        if pgd["interval"][1] < half:
            text = (
                f"Changes of at most {percent(epsilon, 1)} of the range of grey levels, made on purpose (PGD), leave "
                f"{percent(pgd['accuracy'], 1)} of {attacks['n']:,} test images right."
            )
            return text, "sure"
    return None


def _strangers(metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    """The kind of strange images that is noticed worst, where its interval says so."""
    strangers = metrics.get("strangers")
    if not strangers or len(strangers["sets"]) < 2:
        return None
    ranked = sorted(strangers["sets"], key=lambda each: each["distance"]["auroc"])
    worst, best = ranked[0], ranked[-1]
    if overlap(worst["distance"]["interval"], best["distance"]["interval"]):
        return None
    no_better = " no better than chance" if worst["distance"]["interval"][0] <= CHANCE else ""
    text = (
        f"By its distance in {strangers['layer']}, an image of {worst['title']} is told from test images{no_better} with an area "
        f"under the ROC curve of {worst['distance']['auroc']:.3f}; best told is that of {best['title']}, with "
        f"{best['distance']['auroc']:.3f}."
    )
    return text, "sure"
