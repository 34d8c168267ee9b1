"""The result of a robustness evaluation as plain text, from its metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..formatting import percent, percent_range
from .text import table

Metrics = Mapping[str, Any]
TITLES = {
    "robustness": "robustness to corruptions",
    "ood": "out-of-distribution detection",
    "attacks": "adversarial attacks",
}


def tables(sections: Metrics) -> Iterator[str]:
    """Yield a line and a table for each part that was measured."""
    yield f"{corruption_line(sections['robustness'])}\n\n{corruption_table(sections['robustness'])}"
    if sections["ood"]:
        yield f"{ood_line(sections['ood'])}\n\n{ood_table(sections['ood'])}"
    if sections["attacks"]:
        yield f"{attack_line(sections['attacks'])}\n\n{attack_table(sections['attacks'])}"


def summary(sections: Metrics) -> Iterator[str]:
    """Yield the lines without their tables."""
    for part in tables(sections):
        yield part.split("\n", 1)[0]


def corruption_line(robustness: Metrics) -> str:
    """Return the mean accuracy over all corruptions, and the worst of them if it is significantly worse."""
    mean, worst, kinds = robustness["mean"], robustness["worst"], robustness["kinds"]
    title = {kind["kind"]: kind["title"] for kind in kinds}.get(worst, worst)
    found = "no corruption is significantly worse than the others" if worst is None else f"the worst is {title}"
    return (
        f"corruptions ({len(kinds)} kinds at {len(kinds[0]['strengths'])} strengths): mean accuracy {_share(mean)}, "
        f"against {percent(robustness['clean']['accuracy'], 1)} on the unchanged images "
        f"({_sample(robustness)}); {found}"
    )


def corruption_table(robustness: Metrics) -> str:
    """Return a table of accuracies in percent, per kind and strength."""
    rows = (
        (
            kind["title"],
            *(f"{100 * each['accuracy']:.1f}" for each in kind["strengths"]),
            f"{100 * kind['accuracy']:.1f}",
            percent_range(kind["interval"], 1),
        )
        for kind in robustness["kinds"]
    )
    strengths = (f"{number}" for number in range(1, len(robustness["kinds"][0]["strengths"]) + 1))
    return table(("accuracy in % at strength", *strengths, "mean", "95% CI"), rows)


def ood_line(ood: Metrics) -> str:
    """Return the out-of-distribution score, its threshold, and the false positives on the test images."""
    known = ood["false_positive_rate"]
    return (
        f"out-of-distribution detection: distance in the features of {ood['layer']}, threshold "
        f"{ood['threshold']:.3g}; false positives: {percent(known['value'], 1)} of {known['n']:,} "
        "test images"
    )


def ood_table(ood: Metrics) -> str:
    """Return a table of AUROC by distance and by confidence, and the detection rate, per set of images."""
    rows = (
        (
            each["title"],
            f"{each['distance']['value']:.3f}",
            _number_range(each["distance"]["interval"]),
            f"{each['confidence']['value']:.3f}",
            percent(each["detection_rate"]["value"], 1),
            f"{each['n']:,}",
        )
        for each in ood["sets"]
    )
    return table(("images", "AUROC", "95% CI", "AUROC by confidence", "detected", "n"), rows)


def attack_line(attacks: Metrics) -> str:
    """Return what the attacks may change, on how many images, and the accuracy without them."""
    return (
        f"adversarial attacks: each pixel changes by at most ε (pixels from 0 to 1), PGD with {attacks['steps']} steps; "
        f"accuracy {percent(attacks['clean']['accuracy'], 1)} on the unchanged images ({_sample(attacks)})"
    )


def attack_table(attacks: Metrics) -> str:
    """Return a table of accuracies, per ε."""
    rows = (
        (
            f"{epsilon:.3f}",
            *(cell for each in both for cell in (percent(each["accuracy"], 1), percent_range(each["interval"], 1))),
        )
        for epsilon, *both in zip(attacks["epsilons"], attacks["fgsm"], attacks["pgd"], strict=True)
    )
    return table(("ε", "FGSM accuracy", "95% CI", "PGD accuracy", "95% CI"), rows)


def _share(share: Metrics) -> str:
    return f"{percent(share['accuracy'], 1)} (95% CI {percent_range(share['interval'], 1)})"


def _sample(section: Metrics) -> str:
    return f"{section['n']:,} of {section['test_images']:,} test images"


def _number_range(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{low:.3f}–{high:.3f}"
