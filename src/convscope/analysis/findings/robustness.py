"""What a thorough evaluation showed, in sentences made from its own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from .finding import Finding

CHANCE = 0.5
"""Area under the ROC curve of a score that tells nothing."""


def robustness_findings(metrics: Mapping[str, Any]) -> tuple[Finding, ...]:
    """From a run's ``metrics``; none where it was not examined."""
    candidates = (_corruptions(metrics), _attacks(metrics), _ood(metrics))
    return tuple(each for each in candidates if each is not None)


def _corruptions(metrics: Mapping[str, Any]) -> Finding | None:
    robustness = metrics.get("robustness")
    if not robustness:
        return None
    mean, clean = robustness["mean"], robustness["clean"]
    text = (
        f"Corrupted in {len(robustness['kinds'])} kinds at five strengths, {percent(mean['accuracy'], 1)} of "
        f"{robustness['n']:,} test images are classified correctly, between {percent(mean['interval'][0], 1)} and "
        f"{percent(mean['interval'][1], 1)} with 95% confidence, against {percent(clean['accuracy'], 1)} as they are"
    )
    if robustness["worst"] is not None:
        worst = next(kind for kind in robustness["kinds"] if kind["kind"] == robustness["worst"])
        text += f"; {worst['title']} is the worst, with {_with_range(worst)}"
    return Finding(
        f"{text}.",
        f"{_with_range(mean)} right on corrupted images",
        "robustness",
        mean["accuracy"],
        list(mean["interval"]),
    )


def _attacks(metrics: Mapping[str, Any]) -> Finding | None:
    """The smallest ε that takes half of the accuracy away, with certainty."""
    attacks = metrics.get("attacks")
    if not attacks:
        return None
    half = attacks["clean"]["interval"][0] / 2
    for epsilon, pgd in zip(attacks["epsilons"], attacks["pgd"], strict=True):
        if pgd["interval"][1] < half:
            return Finding(
                f"Changes of at most {percent(epsilon, 1)} of the range of grey levels, made on purpose (PGD), leave "
                f"{_with_range(pgd)} of {attacks['n']:,} test images right.",
                f"{_with_range(pgd)} right under attack, ε = {epsilon:.3g}",
                "attacks",
                pgd["accuracy"],
                list(pgd["interval"]),
            )
    return None


def _ood(metrics: Mapping[str, Any]) -> Finding | None:
    """The kind of strange images that is told worst from known ones, where the intervals of all kinds, which hold together,
    single one out."""
    strangers = metrics.get("ood")
    if not strangers or strangers["worst"] is None:
        return None
    ranked = sorted(strangers["sets"], key=lambda each: float(each["distance"]["value"]))
    worst, second = ranked[0], ranked[1]
    low, high = worst["simultaneous_interval"]
    area = f"{worst['distance']['value']:.3f} ({low:.3f} to {high:.3f})"
    no_better = "no better than chance, " if low <= CHANCE else ""
    return Finding(
        f"By the distance in {strangers['layer']}, the hardest to tell from test images of {len(ranked)} kinds of strange images "
        f"is {worst['title']}: {no_better}with an area under the ROC curve of {area}; the next is {second['title']}, with "
        f"{second['distance']['value']:.3f}.",
        f"hardest to tell from known images: {worst['title']}, AUROC {area}",
        "ood",
        worst["distance"]["value"],
        [low, high],
    )


def _with_range(share: Mapping[str, Any]) -> str:
    low, high = share["interval"]
    return f"{percent(share['accuracy'], 1)} ({percent(low, 1)} to {percent(high, 1)})"
