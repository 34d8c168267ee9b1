"""The result of a thorough evaluation as plain text, from its metrics. Functions return strings; nothing here prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..formatting import percent
from .text import table

Metrics = Mapping[str, Any]


def tables(sections: Metrics) -> Iterator[str]:
    """A line and a table for each part that was measured."""
    yield f"{corruption_line(sections['robustness'])}\n\n{corruption_table(sections['robustness'])}"
    if sections["ood"]:
        yield f"{stranger_line(sections['ood'])}\n\n{stranger_table(sections['ood'])}"
    if sections["attacks"]:
        yield f"{attack_line(sections['attacks'])}\n\n{attack_table(sections['attacks'])}"


def summary(sections: Metrics) -> Iterator[str]:
    """The lines alone."""
    for part in tables(sections):
        yield part.split("\n", 1)[0]


def corruption_line(robustness: Metrics) -> str:
    """Accuracy over all corruptions, and the worst kind where the intervals single one out."""
    mean, worst = robustness["mean"], robustness["worst"]
    named = "no kind is the worst by more than chance" if worst is None else f"{worst.replace('_', ' ')} is the worst"
    return (
        f"corrupted in 15 kinds at 5 strengths: accuracy {percent(mean['accuracy'], 1)} ({_range(mean)}), against "
        f"{percent(robustness['clean']['accuracy'], 1)} on the same {robustness['n']:,} of {robustness['test_images']:,} "
        f"test images as they are; {named}"
    )


def corruption_table(robustness: Metrics) -> str:
    """Accuracy in per cent, per kind and strength."""
    rows = (
        (
            kind["title"],
            *(f"{100 * each['accuracy']:.1f}" for each in kind["strengths"]),
            f"{100 * kind['accuracy']:.1f}",
            _range(kind),
        )
        for kind in robustness["kinds"]
    )
    return table(("accuracy % at strength", "1", "2", "3", "4", "5", "mean", "95% interval"), rows)


def stranger_line(strangers: Metrics) -> str:
    """What the run's own threshold does on known images."""
    known = strangers["false_positive_rate"]
    return (
        f"strange images: the distance in {strangers['layer']} as a score; beyond {strangers['threshold']:.3g} an image counts "
        f"as strange, as {percent(known['value'], 1)} of {known['n']:,} test images do"
    )


def stranger_table(strangers: Metrics) -> str:
    """Area under the ROC curve by distance and by confidence, and the share beyond the threshold."""
    rows = (
        (
            each["title"],
            f"{each['distance']['value']:.3f}",
            _plain_range(each["distance"]["interval"]),
            f"{each['confidence']['value']:.3f}",
            percent(each["detection_rate"]["value"], 1),
            f"{each['n']:,}",
        )
        for each in strangers["sets"]
    )
    return table(("", "AUROC", "95% interval", "by confidence", "noticed", "images"), rows)


def attack_line(attacks: Metrics) -> str:
    """What was attacked, and how."""
    return (
        f"attacked: every pixel may change by ε of 0..1; {attacks['n']:,} of {attacks['test_images']:,} test images, PGD with "
        f"{attacks['steps']} steps; {percent(attacks['clean']['accuracy'], 1)} of them are right as they are"
    )


def attack_table(attacks: Metrics) -> str:
    """Accuracy in per cent, per ε."""
    rows = (
        (f"{epsilon:.3f}", f"{100 * fgsm['accuracy']:.1f}", _range(fgsm), f"{100 * pgd['accuracy']:.1f}", _range(pgd))
        for epsilon, fgsm, pgd in zip(attacks["epsilons"], attacks["fgsm"], attacks["pgd"], strict=True)
    )
    return table(("ε", "FGSM %", "95% interval", "PGD %", "95% interval"), rows)


def _range(share: Metrics) -> str:
    low, high = share["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _plain_range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
