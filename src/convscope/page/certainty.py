"""What the section on doubt says: how far the network's confidence can be believed, and what it is worth on images that are
strange, damaged or attacked, and where the labels themselves are in doubt. Each part stands only where it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..analysis.mcnemar import LEVEL
from ..ledger import in_words
from .facts import Page
from .formats import MISSING, capital, counted, decimal, joined, percent, percent_range, whole, word

MEASURED = ("uncertainty", "ood", "robustness", "attacks", "label_audit")
"""Keys of the metrics, in the order of the section."""
PARTS = {"ood": "Images of nothing it knows", "attacks": "Images changed on purpose",
         "label_audit": "Labels worth a second look"}  # fmt: skip
"""Headings of the parts that findings lead to, by the same keys."""
FINDINGS_SHOWN, LETTERS_SHOWN = 3, 168
"""Findings on the first screen, and how long they may be together: a line of a laptop's screen."""
SUSPECTS_SHOWN = 20
FOOLED = 0.5
"""Accuracy below which an attack has turned more than half of the answers."""


def applies(page: Page) -> bool:
    """Whether anything of it was measured."""
    return any(page["metrics"].get(key) for key in MEASURED)


def title(page: Page) -> str:
    """The most that was measured, in one line."""
    metrics = page["metrics"]
    if doubt := metrics.get("uncertainty"):
        said = doubt["calibrated"] or doubt["uncalibrated"]
        right = percent(metrics["test"]["accuracy"])
        return f"It claims to be {percent(_claimed(page, said))} sure, and is right {right} of the time"
    if robustness := metrics.get("robustness"):
        return f"{percent(robustness['mean']['accuracy'], 1)} right on damaged images"
    if audit := metrics.get("label_audit"):
        return f"{capital(counted(audit['suspects'], 'label'))} worth a second look"
    return "What it makes of strange and altered images"


def in_brief(page: Page) -> list[Mapping[str, Any]]:
    """The findings for the first screen: those after the result, which is the page's heading, as far as a line holds them."""
    chosen: list[Mapping[str, Any]] = []
    for finding in page["metrics"]["findings"][1:]:
        if len(chosen) == FINDINGS_SHOWN:
            break
        if not chosen or sum(len(each["brief"]) for each in (*chosen, finding)) <= LETTERS_SHOWN:
            chosen.append(finding)
    return chosen


def readings(page: Page) -> str:
    """How often the test split was read, and what for; empty where nobody kept count."""
    times = page["readings"]
    return f"The test split was {in_words(times)}. Nothing in this network was chosen by it." if times else ""


def confidence(page: Page) -> str:
    """Whether it is too sure, by the interval of the gap; and what the temperature changed."""
    doubt, accuracy = page["metrics"]["uncertainty"], percent(page["metrics"]["test"]["accuracy"])
    text = (f"Its softmax claims {percent(_claimed(page, doubt['uncalibrated']))} on average over the test images, of which it "
            f"gets {accuracy} right: {_judged(doubt['uncalibrated'])}.")  # fmt: skip
    if doubt["calibrated"] is None:
        return (f"{text} Of the {whole(doubt['n'])} {doubt['selected_on']} images none went wrong, so that there was nothing to "
                "correct it by.")  # fmt: skip
    text += (f" Divided by a temperature of {decimal(doubt['temperature'], 2)}, which was fitted on {whole(doubt['n'])} "
             f"{doubt['selected_on']} images and not on these, it claims {percent(_claimed(page, doubt['calibrated']))}: "
             f"{_judged(doubt['calibrated'])}. How sure the answer beside the pad claims to be is the corrected "
             "number.")  # fmt: skip
    if doubt["selected_on"] == "training":
        text += " It was trained on those images, so the correction is likely to be too small."
    return text


def _claimed(page: Page, sureness: Mapping[str, Any]) -> float:
    return float(page["metrics"]["test"]["accuracy"] + sureness["overconfidence"]["value"])


def _judged(sureness: Mapping[str, Any]) -> str:
    low, high = sureness["overconfidence"]["interval"]
    if low > 0:
        return f"it is too sure, by {_points(low, high)}"
    if high < 0:
        return f"it is too modest, by {_points(-high, -low)}"
    return "chance accounts for the difference"


def _points(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f} percentage points"


def thresholds(page: Page) -> list[tuple[str, ...]]:
    """Wanted accuracy, threshold, share answered, accuracy of these and its interval; for the accuracies that a threshold buys."""
    doubt = page["metrics"].get("uncertainty") or {}
    rows: list[tuple[str, ...]] = []
    for each in doubt.get("thresholds", ()):
        if each["test"]["accuracy"] is None:
            continue
        test = each["test"]
        rows.append((percent(each["target_accuracy"], 1), percent(each["threshold"]), percent(test["coverage"]),
                     percent(test["accuracy"]), percent_range(test["interval"])))  # fmt: skip
    return rows


def threshold_words(page: Page) -> str:
    """How the thresholds came about, and what the accuracies are that none buys."""
    doubt = page["metrics"]["uncertainty"]
    text = (f"A network may leave aside what it is not sure of. Each threshold was chosen on the {doubt['selected_on']} images; "
            "what it is worth was then measured on the test images.")  # fmt: skip
    beyond = [percent(each, 1) for each in doubt["unreachable_targets"]]
    return f"{text} No threshold reached {joined(beyond)} there." if beyond else text


def strangers(page: Page) -> str:
    """What was held against what, and how often the warning comes for nothing."""
    found = page["metrics"]["ood"]
    false, sets = found["false_positive_rate"], found["sets"]
    text = (f"A softmax has an answer for everything. So it is also measured how far from the training images an image lies in "
            f"{found['layer']}; beyond {decimal(found['threshold'], 2)} this page warns. Of {whole(false['n'])} "
            f"test images {percent(false['value'], 1)} lie beyond it; of images of no class, the more the better.")  # fmt: skip
    return f"{text} {_better_score(sets)}".rstrip()


def _better_score(sets: Sequence[Mapping[str, Any]]) -> str:
    """On how many sets either score is better by more than chance."""
    if not sets:
        return ""
    apart = [each["difference"]["value"] for each in sets if each["adjusted_p"] <= LEVEL]
    distance, confidence = sum(value > 0 for value in apart), sum(value < 0 for value in apart)
    test = f"DeLong's test for pairs{', corrected for the number of sets' if len(sets) > 1 else ''}"
    of_these = f"of these {counted(len(sets), 'set')}"
    if not apart:
        return (f"In none {of_these} does the distance tell strange images from known ones better than the confidence of the "
                f"answer, or worse, by more than chance ({test}).")  # fmt: skip
    more, less = (f"in {word(number)}" for number in (distance, confidence))
    text = f"{capital(more if distance else less)} {of_these} the distance tells strange images from known ones "
    text += "better than the confidence of the answer does" if distance else "worse than the confidence of the answer does"
    text += f", {less} worse" if distance and confidence else ""
    rest = len(sets) - len(apart)
    return f"{text}{f'; in {word(rest)} the difference may be chance' if rest else ''} ({test})."


def robustness(page: Page) -> str:
    """Mean over all corruptions, and the worst where it can be named."""
    found = page["metrics"]["robustness"]
    text = (f"{whole(found['n'])} of the test images were damaged in {len(found['kinds'])} ways, in five strengths each. As they "
            f"are, it gets {percent(found['clean']['accuracy'])} of them right; damaged, {percent(found['mean']['accuracy'], 1)} "
            f"on average ({percent_range(found['mean']['interval'], 1)}).")  # fmt: skip
    worst = next((kind for kind in found["kinds"] if kind["kind"] == found["worst"]), None)
    if worst is None:
        return f"{text} Which kind is the worst, these images do not settle."
    return f"{text} The worst is {worst['title'].lower()}, with {_with_range(worst)}."


def attacks(page: Page) -> str:
    """From which ε on most answers can be turned."""
    found = page["metrics"]["attacks"]
    epsilons, pgd = found["epsilons"], found["pgd"]
    turned = next((epsilon for epsilon, right in zip(epsilons, pgd, strict=True) if right["interval"][1] < FOOLED), None)
    text = "Anyone who knows the network can change an image a little at every pixel so that the answer changes most."
    bound = "The accuracies are upper bounds of what it withstands: a better attack may exist."
    if turned is not None:
        return f"{text} With changes of up to ε = {_epsilon(turned)} more than half of its answers are wrong. {bound}"
    largest = f"at ε = {_epsilon(epsilons[-1])}"
    if pgd[-1]["interval"][0] > FOOLED:
        return f"{text} Even {largest} it still gets more than half of the images right. {bound}"
    return f"{text} Whether {largest} it still gets half of the images right, so many images do not settle. {bound}"


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
    parts = [f"{whole(audit[split]['suspects'])} of {whole(audit[split]['scored'])} {name} images"
             for split, name in (("train", "training"), ("test", "test")) if split in audit]  # fmt: skip
    text = (f"Networks that had not seen an image, but had seen others of its class, would put {joined(parts)} into another "
            "class than their labels do. A suspect is no more than that.")  # fmt: skip
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
    """What else could be known: a command, to be given in the run's folder, and what it does."""
    metrics = page["metrics"]
    missing = []
    if not (metrics.get("robustness") and metrics.get("ood")):
        missing.append(("convscope evaluate . --thorough", "shows it damaged, attacked and strange images"))
    if not metrics.get("label_audit"):
        missing.append(("convscope audit .", "looks for labels that may be wrong"))
    return missing


def decimal_range(interval: Sequence[float], digits: int = 4) -> str:
    """``[0.0171, 0.0234]`` → ``"0.0171–0.0234"``."""
    low, high = interval
    return MISSING if low is None else f"{low:.{digits}f}–{high:.{digits}f}"
