"""Findings on robustness: corruptions, adversarial attacks and out-of-distribution images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percent_range
from .finding import Finding, interval_text

CHANCE = 0.5
"""AUROC of a score that is independent of the class."""


def robustness_findings(metrics: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of ``convscope examine``, or none if the run was not examined."""
    candidates = (_corruptions(metrics), _attacks(metrics), _out_of_distribution(metrics))
    return tuple(each for each in candidates if each is not None)


def _corruptions(metrics: Mapping[str, Any]) -> Finding | None:
    robustness = metrics.get("robustness")
    if not robustness:
        return None
    mean, kinds = robustness["mean"], robustness["kinds"]
    text = (
        f"Under {len(kinds)} kinds of corruption, each at five strengths, mean accuracy on {robustness['n']:,} test images is "
        f"{_accuracy(mean)}, against {percent(robustness['clean']['accuracy'], 1)} on the unchanged images"
    )
    if robustness["worst"] is not None:
        worst = next(kind for kind in kinds if kind["kind"] == robustness["worst"])
        text += f"; it is significantly lowest under {worst['title']}, {_accuracy(worst)}"
    return Finding(
        f"{text}.",
        f"mean accuracy on corrupted images: {_brief_accuracy(mean)}",
        "robustness",
        mean["accuracy"],
        list(mean["interval"]),
    )


def _attacks(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the smallest ε that significantly more than halves the accuracy."""
    attacks = metrics.get("attacks")
    if not attacks:
        return None
    half = attacks["clean"]["interval"][0] / 2
    for epsilon, pgd in zip(attacks["epsilons"], attacks["pgd"], strict=True):
        if pgd["interval"][1] < half:
            return Finding(
                f"Adversarial changes (PGD) of at most {percent(epsilon, 1)} of the pixel range reduce accuracy on "
                f"{attacks['n']:,} test images to {_accuracy(pgd)}.",
                f"accuracy under attack (ε = {epsilon:.3g}): {_brief_accuracy(pgd)}",
                "attacks",
                pgd["accuracy"],
                list(pgd["interval"]),
            )
    return None


def _out_of_distribution(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the out-of-distribution set with the lowest AUROC, if significant."""
    ood = metrics.get("ood")
    if not ood or ood["worst"] is None:
        return None
    ranked = sorted(ood["sets"], key=lambda each: float(each["distance"]["value"]))
    worst, second = ranked[0], ranked[1]
    area = worst["distance"]["value"]
    low, high = worst["simultaneous_interval"]
    ends = f"{low:.3f}–{high:.3f}"
    chance = ", not significantly better than chance" if low <= CHANCE else ""
    return Finding(
        f"Of {len(ranked)} sets of out-of-distribution images, {worst['title']} is the hardest to detect by the distance in the "
        f"features of {ood['layer']}: AUROC {area:.3f} (95% CI {ends}){chance}; the next is {second['title']}, with "
        f"{second['distance']['value']:.3f}.",
        f"hardest to detect: {worst['title']}, AUROC {area:.3f} ({ends})",
        "ood",
        area,
        [low, high],
    )


def _accuracy(share: Mapping[str, Any]) -> str:
    return f"{percent(share['accuracy'], 1)} ({interval_text(share['interval'], 1)})"


def _brief_accuracy(share: Mapping[str, Any]) -> str:
    return f"{percent(share['accuracy'], 1)} ({percent_range(share['interval'], 1)})"
