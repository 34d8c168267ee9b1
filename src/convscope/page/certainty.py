"""What the section on doubt says: how far the network's confidence can be believed, and what it is worth on images that are
strange, damaged or attacked, and where the labels themselves are in doubt. Each part stands only where it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .facts import Page
from .formats import MISSING, capital, counted, decimal, joined, percent, percent_range, whole, word

MEASURED = ("doubt", "strangers", "robustness", "attacks", "label_audit")
"""Keys of the metrics, in the order of the section."""
SUSPECTS_SHOWN = 20
FOOLED = 0.5
"""Accuracy at which an attack is said to have turned half of the answers."""


def applies(page: Page) -> bool:
    """Whether anything of it was measured."""
    return any(page["metrics"].get(key) for key in MEASURED)


def title(page: Page) -> str:
    """The most that was measured, in one line."""
    metrics = page["metrics"]
    if doubt := metrics.get("doubt"):
        said = doubt["after"] or doubt["before"]
        return (
            f"It claims to be {percent(_claimed(page, said))} sure, and is right in {percent(metrics['test']['accuracy'])}"
        )
    if robustness := metrics.get("robustness"):
        return f"{percent(robustness['mean']['accuracy'], 1)} right on damaged images"
    if audit := metrics.get("label_audit"):
        return f"{capital(counted(audit['suspects'], 'label'))} worth a second look"
    return "What it makes of strange and altered images"


def confidence(page: Page) -> str:
    """Whether it is too sure, by the interval of the gap; and what the temperature changed."""
    doubt, accuracy = page["metrics"]["doubt"], percent(page["metrics"]["test"]["accuracy"])
    text = (f"Its softmax claims {percent(_claimed(page, doubt['before']))} on average over the test images, of which it gets "
            f"{accuracy} right: {_judged(doubt['before'])}.")  # fmt: skip
    if doubt["after"] is None:
        return (f"{text} Of the {whole(doubt['n'])} {doubt['measured_on']} images none went wrong, so that there was nothing to "
                "correct it by.")  # fmt: skip
    text += (f" Divided by a temperature of {decimal(doubt['temperature'], 2)}, which was fitted on {whole(doubt['n'])} "
             f"{doubt['measured_on']} images and not on these, it claims {percent(_claimed(page, doubt['after']))}: "
             f"{_judged(doubt['after'])}. How sure the answer beside the pad claims to be is the corrected number.")  # fmt: skip
    if doubt["measured_on"] == "training":
        text += " It was trained on those images, so the correction is likely to be too small."
    return text


def _claimed(page: Page, sureness: Mapping[str, Any]) -> float:
    return float(page["metrics"]["test"]["accuracy"] + sureness["gap"]["value"])


def _judged(sureness: Mapping[str, Any]) -> str:
    low, high = sureness["gap"]["interval"]
    if low > 0:
        return f"it is too sure, by {_points(low, high)}"
    if high < 0:
        return f"it is too modest, by {_points(-high, -low)}"
    return "chance accounts for the difference"


def _points(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f} percentage points"


def thresholds(page: Page) -> list[tuple[str, ...]]:
    """Wanted accuracy, threshold, share answered, accuracy of these and its interval; for the accuracies that a threshold buys."""
    doubt = page["metrics"].get("doubt") or {}
    rows: list[tuple[str, ...]] = []
    for each in doubt.get("thresholds", ()):
        if each["threshold"] is None or each["test"]["accuracy"] is None:
            continue
        test = each["test"]
        rows.append((percent(each["wanted"], 1), percent(each["threshold"]), percent(test["coverage"]), percent(test["accuracy"]),
                     percent_range(test["interval"])))  # fmt: skip
    return rows


def threshold_words(page: Page) -> str:
    """How the thresholds came about, and what the accuracies are that none buys."""
    doubt = page["metrics"]["doubt"]
    text = (f"A network may leave aside what it is not sure of. Each threshold was chosen on the {doubt['measured_on']} images; "
            "what it is worth was then measured on the test images.")  # fmt: skip
    beyond = [percent(each["wanted"], 1) for each in doubt["thresholds"] if each["threshold"] is None]
    return f"{text} No threshold reached {joined(beyond)} there." if beyond else text


def strangers(page: Page) -> str:
    """What was held against what, and how often the warning comes for nothing."""
    found = page["metrics"]["strangers"]
    false, sets = found["known"]["false_alarms"], found["sets"]
    better = sum(each["distance"]["auroc"] > each["confidence"]["auroc"] for each in sets)
    return (f"A softmax has an answer for everything. So it is also measured how far from the training images an image lies in "
            f"{found['layer']}; beyond {decimal(found['threshold'], 2)} this page warns. Of {whole(found['known']['n'])} "
            f"test images {percent(false['share'], 1)} lie beyond it; of images of no class, the more the better. In "
            f"{word(better)} of these {counted(len(sets), 'set')} the distance tells strange images from known ones better than "
            "the confidence of the answer does.")  # fmt: skip


def robustness(page: Page) -> str:
    """Mean over all corruptions, and the worst where it can be named."""
    found = page["metrics"]["robustness"]
    text = (f"{whole(found['n'])} of the test images were damaged in {len(found['kinds'])} ways, in five strengths each. As they "
            f"are, it gets {percent(found['clean']['accuracy'])} of them right; damaged, {percent(found['mean']['accuracy'], 1)} "
            f"on average ({percent_range(found['mean']['interval'], 1)}).")  # fmt: skip
    worst = next((kind for kind in found["kinds"] if kind["kind"] == found["worst"]), None)
    if worst is None:
        return f"{text} Which kind is the worst, these images do not settle."
    return f"{text} The worst is {worst['title'].lower()}, with {percent(worst['accuracy'], 1)}."


def attacks(page: Page) -> str:
    """From which ε on most answers can be turned."""
    found = page["metrics"]["attacks"]
    turned = next(
        (epsilon for epsilon, right in zip(found["epsilons"], found["pgd"], strict=True) if right["accuracy"] < FOOLED), None
    )
    text = "Who knows the network can change an image a little at every pixel so that the answer changes most."
    if turned is None:
        return f"{text} Even at ε = {_epsilon(found['epsilons'][-1])} it still gets more than half of the images right."
    return (f"{text} With changes of up to ε = {_epsilon(turned)} more than half of its answers are wrong. No network "
            "that was not trained against this withstands it; this is an upper bound: a better attack may exist.")  # fmt: skip


def attack_rows(page: Page) -> list[tuple[str, str, str]]:
    """ε, and the accuracy under both attacks with its interval."""
    found = page["metrics"]["attacks"]
    return [
        (_epsilon(epsilon), _with_range(fgsm), _with_range(pgd))
        for epsilon, fgsm, pgd in zip(found["epsilons"], found["fgsm"], found["pgd"], strict=True)
    ]


def _with_range(share: Mapping[str, Any]) -> str:
    return f"{percent(share['accuracy'], 1)} ({percent_range(share['interval'], 1)})"


def _epsilon(epsilon: float) -> str:
    levels = epsilon * 255
    return f"{levels:.0f}/255" if abs(levels - round(levels)) < 1e-6 else decimal(epsilon, 3)


def suspects(page: Page) -> str:
    """How many, how judged, and that it is a hint."""
    audit = page["metrics"]["label_audit"]
    parts = [f"{whole(audit[split]['suspects'])} of {whole(audit[split]['judged'])} {split} images"
             for split in ("train", "test") if split in audit]  # fmt: skip
    text = (f"Networks that had not seen an image, but had seen others of its class, would put {joined(parts)} into another "
            "class than their labels do. A suspect is no more than that: networks err more often than people.")  # fmt: skip
    return " ".join([text, *audit.get("notes", ()), *_confirmed(audit.get("confirmed"))])


def _confirmed(found: Mapping[str, Any] | None) -> list[str]:
    """The accuracy without what a person has confirmed; on the high side, and why."""
    if not found or not found["confirmed_test"]:
        return []
    text = (f"Somebody has looked, and confirmed {whole(found['confirmed_test'])} of the test images: without them the accuracy "
            f"is {percent(found['accuracy_without'])} ({percent_range(found['interval_without'])}) in place of "
            f"{percent(found['accuracy'])}. That is on the high side, since only labels that networks doubted were looked "
            "at.")  # fmt: skip
    return [text]


def can_open(page: Page, suspect: Mapping[str, Any]) -> bool:
    """Whether the image travels in the page."""
    return f"{suspect['split']}-{suspect['index']}" in page["suspects_shown"]


def not_measured(page: Page) -> list[tuple[str, str]]:
    """What else could be known: a command, and what it does."""
    metrics = page["metrics"]
    missing = []
    if not (metrics.get("robustness") and metrics.get("strangers")):
        missing.append(("convscope evaluate RUN --thorough", "shows it damaged, attacked and strange images"))
    if not metrics.get("label_audit"):
        missing.append(("convscope audit RUN", "looks for labels that may be wrong"))
    return missing


def decimal_range(interval: Sequence[float], digits: int = 4) -> str:
    """``[0.0171, 0.0234]`` → ``"0.0171–0.0234"``."""
    low, high = interval
    return MISSING if low is None else f"{low:.{digits}f}–{high:.{digits}f}"
