"""The section on uncertainty: calibration, selective prediction, out-of-distribution images, robustness and label errors.

Each part appears only if it was measured.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...analysis.findings.trust import at_least_wrong
from ...analysis.label_audit.suspects import SPLITS, worst_by_split
from ...analysis.statistics.paired import LEVEL
from ...analysis.uncertainty.selective_prediction import images_needed
from ...analysis.uncertainty.temperature import MAX_TEMPERATURE, MIN_TEMPERATURE
from ...formatting import count_of, join_words, percentage_points
from ...runs.ledger import describe
from .nouns import Page
from .numbers import capital, counted, decimal, decimal_range, percent, percent_range, whole, word

MEASURED = ("uncertainty", "ood", "robustness", "attacks", "label_audit")
"""Keys of the metrics, in the order of the section."""
PARTS = {"ood": "Out-of-distribution images", "attacks": "Adversarial attacks",
         "label_audit": "Possible label errors"}  # fmt: skip
"""Headings of the parts that findings link to, by the same keys."""
FINDINGS_SHOWN, LETTERS_SHOWN = 3, 168
"""Findings on the first screen, and their total length: one line on a laptop."""
SUSPECTS_SHOWN = 20
FOOLED = 0.5
"""Accuracy below which an attack changes more than half of the predictions."""


def applies(page: Page) -> bool:
    """Return whether any part was measured."""
    return any(page["metrics"].get(key) for key in MEASURED)


def title(page: Page) -> str:
    """Return the section's heading, with the most important number that was measured."""
    metrics = page["metrics"]
    if uncertainty := metrics.get("uncertainty"):
        calibration = uncertainty["calibrated"] or uncertainty["uncalibrated"]
        accuracy = percent(metrics["test"]["accuracy"])
        return f"Mean confidence {percent(_mean_confidence(page, calibration))}, accuracy {accuracy}"
    if robustness := metrics.get("robustness"):
        return f"Accuracy {percent(robustness['mean']['accuracy'], 1)} on corrupted images"
    if audit := metrics.get("label_audit"):
        return capital(counted(audit["suspects"], "possible label error"))
    return "Out-of-distribution and altered images"


def brief_findings(page: Page) -> list[Mapping[str, Any]]:
    """Return the findings for the first screen, as many as fit on a line; the result itself is already the headline."""
    chosen: list[Mapping[str, Any]] = []
    for finding in page["metrics"]["findings"][1:]:
        if len(chosen) == FINDINGS_SHOWN:
            break
        if not chosen or sum(len(each["brief"]) for each in (*chosen, finding)) <= LETTERS_SHOWN:
            chosen.append(finding)
    return chosen


def test_reads(page: Page) -> str:
    """State how often the test split was read, and why; empty if the reads were not counted."""
    reads = page["test_reads"]
    return f"The test split has been {describe(reads)}. No read influenced training." if reads else ""


def calibration(page: Page) -> str:
    """Compare mean confidence with accuracy for the probabilities in use, and say why these are used."""
    uncertainty = page["metrics"]["uncertainty"]
    used, scaling = uncertainty["calibrated"] or uncertainty["uncalibrated"], uncertainty["temperature_scaling"]
    images = count_of(uncertainty["n"], f"{uncertainty['selected_on']} image")
    text = (f"On the test images the mean confidence is {percent(_mean_confidence(page, used))} and the accuracy "
            f"{percent(page['metrics']['test']['accuracy'])}: {_judgement(used)}.")  # fmt: skip
    if scaling is None:
        found = images if uncertainty["n"] == 1 else f"all {images}"
        return f"{text} The network classifies {found} correctly, so no temperature could be fitted."
    fitted = f"{decimal(scaling['temperature'], 2)}{_temperature_interval(scaling.get('interval'))}, fitted on {images}"
    if uncertainty["calibrated"] is None:
        why = "is not used: the network knows these images" if uncertainty["selected_on"] == "training" else (
            "does not improve them reliably")  # fmt: skip
        return f"{text} The probabilities are the softmax output: a temperature of {fitted}, {why}."
    before = uncertainty["uncalibrated"]
    text += (f" The probabilities are calibrated: logits are divided by a temperature of {fitted}. Without it the mean confidence "
             f"would be {percent(_mean_confidence(page, before))} and the calibration error "
             f"{percent(before['ece']['value'])}.")  # fmt: skip
    return text


def _temperature_interval(interval: Sequence[float] | None) -> str:
    """Return the interval in parentheses; an end of the search is no end of it."""
    if not interval:
        return ""
    low, high = interval
    if low <= MIN_TEMPERATURE or high >= MAX_TEMPERATURE:
        open_end = f"at most {decimal(high, 2)}" if high < MAX_TEMPERATURE else f"at least {decimal(low, 2)}"
        return " (95% CI unbounded)" if low <= MIN_TEMPERATURE and high >= MAX_TEMPERATURE else f" (95% CI {open_end})"
    return f" (95% CI {decimal_range(interval, 2)})"


def _mean_confidence(page: Page, calibration: Mapping[str, Any]) -> float:
    accuracy = page["metrics"]["test"]["accuracy"]
    gap = calibration["overconfidence"]
    return float(accuracy + gap["value"])


def _judgement(calibration: Mapping[str, Any]) -> str:
    gap = calibration["overconfidence"]
    low, high = gap["interval"]
    if low > 0:
        return f"the network is overconfident by {_points(low, high)}"
    if high < 0:
        return f"the network is underconfident by {_points(-high, -low)}"
    return (f"no difference is shown (95% CI of confidence minus accuracy: {percentage_points(low)} to {percentage_points(high)} "
            "percentage points)")  # fmt: skip


def _points(low: float, high: float) -> str:
    return f"{percentage_points(low)} to {percentage_points(high)} percentage points"


def thresholds(page: Page) -> list[tuple[str, ...]]:
    """Return a row per reachable target accuracy: target, threshold, coverage, accuracy and its interval."""
    uncertainty = page["metrics"].get("uncertainty") or {}
    rows: list[tuple[str, ...]] = []
    for each in uncertainty.get("thresholds", ()):
        test = each["test"]
        if test["accuracy"] is None:
            continue
        rows.append((percent(each["target_accuracy"], 1), percent(each["threshold"]), percent(test["coverage"]),
                     percent(test["accuracy"]), percent_range(test["interval"])))  # fmt: skip
    return rows


def threshold_choice(page: Page) -> str:
    """State how the thresholds were chosen, and which target accuracies none of them reaches."""
    uncertainty = page["metrics"]["uncertainty"]
    split = uncertainty["selected_on"]
    n, unreachable = uncertainty["n"], uncertainty["unreachable_targets"]
    start = "Predictions below a confidence threshold can be rejected."
    if uncertainty["thresholds"] and uncertainty["thresholds"][0].get("level") is None:  # a run of an earlier version
        return (f"{start} Each threshold reached its target on the {split} images, which is no promise for others, and was then "
                "measured on the test images.")  # fmt: skip
    text = (f"{start} Above each threshold the {split} images show at least the target accuracy, with 95% confidence, for images "
            "like them; it was then measured on the test images.")  # fmt: skip
    few = [percent(each, 1) for each in unreachable if images_needed(each) > n]
    open_targets = [percent(each, 1) for each in unreachable if images_needed(each) <= n]
    if open_targets:
        text += f" They show no threshold for {join_words(open_targets, 'or')}."
    return f"{text} {_too_few(n, split)} for {join_words(few, 'or')}." if few else text


def _too_few(n: int, split: str) -> str:
    return f"{count_of(n, f'{split} image')} {'is' if n == 1 else 'are'} too few"


def prediction_sets(page: Page) -> str:
    """State the coverage and the size of the prediction sets on the test images; empty for runs of earlier versions."""
    uncertainty = page["metrics"]["uncertainty"]
    sets = uncertainty.get("prediction_sets", ())
    parts = [f"{percent(each['coverage']['value'])} of the {percent(each['level'], 0)} sets do "
             f"({percent_range(each['coverage']['interval'])}), with {decimal(each['mean_size'], 2)} classes on average"
             for each in sets if each["probability"]]  # fmt: skip
    if not sets:
        return ""
    few = [percent(each["level"], 0) for each in sets if not each["probability"]]
    text = ("A prediction set holds as many of the most probable classes as it takes to contain the true class with a stated "
            "probability, for images like the validation images.")  # fmt: skip
    text += f" On the test images, {'; '.join(parts)}." if parts else ""
    n = _too_few(uncertainty["n"], "validation")
    return f"{text} {n} for {join_words(few, 'or')} sets, which hold all classes." if few else text


def out_of_distribution(page: Page) -> str:
    """Describe the out-of-distribution score, its false alarms, and how it compares with the confidence."""
    found = page["metrics"]["ood"]
    false_positives, sets = found["false_positive_rate"], found["sets"]
    text = ("The softmax always picks a class, so the page also measures the Mahalanobis distance to the nearest class in "
            f"the features of {found['layer']} and warns above {decimal(found['threshold'], 2)}. Above it are "
            f"{percent(false_positives['value'], 1)} of the {whole(false_positives['n'])} test images (false "
            "positives).")  # fmt: skip
    return f"{text} {_better_score(sets)}".rstrip()


def _better_score(sets: Sequence[Mapping[str, Any]]) -> str:
    """Count the image sets on which distance or confidence is the significantly better score."""
    if not sets:
        return ""
    significant = [each["difference"]["value"] for each in sets if each["adjusted_p"] <= LEVEL]
    better, worse = sum(value > 0 for value in significant), sum(value < 0 for value in significant)
    test = f"DeLong's paired test{', corrected for the number of sets' if len(sets) > 1 else ''}"
    if not significant:
        return f"No difference between distance and confidence as scores is shown on {_sets(len(sets))} ({test})."
    parts = [f"significantly {which} than confidence on {word(number)}"
             for which, number in (("better", better), ("worse", worse)) if number]  # fmt: skip
    rest = len(sets) - len(significant)
    open_sets = f"; on {word(rest)} no difference is shown" if rest else ""
    return f"Of {_sets(len(sets))}, distance is {join_words(parts)}{open_sets} ({test})."


def _sets(number: int) -> str:
    return f"the {counted(number, 'image set')}"


def robustness(page: Page) -> str:
    """State the mean accuracy over all corruptions, and the worst one if it is significantly the worst."""
    found = page["metrics"]["robustness"]
    clean, mean = found["clean"], found["mean"]
    text = (f"{whole(found['n'])} test images were corrupted in {len(found['kinds'])} ways at five strengths each. Accuracy is "
            f"{percent(clean['accuracy'])} on the clean images and {percent(mean['accuracy'], 1)} "
            f"({percent_range(mean['interval'], 1)}) on average on the corrupted ones.")  # fmt: skip
    kinds = {kind["kind"]: kind for kind in found["kinds"]}
    lowest = found.get("lowest") or {"kind": found["worst"]}  # runs of earlier versions have the worst alone
    if lowest["kind"] is None:
        return text
    if lowest.keys() == {"kind"}:
        margin = ""
    else:
        low, high = (percentage_points(end) for end in lowest["interval"])
        margin = (f", {percentage_points(lowest['difference'])} percentage points below {kinds[lowest['next']]['title'].lower()} "
                  f"(95% CI {low} to {high} on the same images, corrected for {len(kinds)} kinds)")  # fmt: skip
    worst = f"{kinds[lowest['kind']]['title'].lower()}: {_with_interval(kinds[lowest['kind']])}{margin}"
    return f"{text} The lowest is {worst}; which kind is the worst is not shown." if found["worst"] is None else (
        f"{text} The worst corruption is {worst}.")  # fmt: skip


def adversarial_attacks(page: Page) -> str:
    """State at which perturbation size more than half of the predictions change."""
    found = page["metrics"]["attacks"]
    epsilons, pgd = found["epsilons"], found["pgd"]
    text = "An attacker who has the network can compute a small change of every pixel that misleads it."
    bound = "These accuracies are upper bounds: stronger attacks may exist."
    fooled = next((epsilon for epsilon, share in zip(epsilons, pgd, strict=True) if share["interval"][1] < FOOLED), None)
    if fooled is not None:
        return f"{text} At ε = {_epsilon(fooled)} accuracy is below 50%. {bound}"
    largest = _epsilon(epsilons[-1])
    if pgd[-1]["interval"][0] > FOOLED:
        return f"{text} Even at ε = {largest} accuracy is above 50%. {bound}"
    return f"{text} The sample is too small to tell whether accuracy at ε = {largest} is above 50%. {bound}"


def attack_rows(page: Page) -> list[tuple[str, str, str]]:
    """Return ε and the accuracy under both attacks, each with its interval."""
    found = page["metrics"]["attacks"]
    return [
        (_epsilon(epsilon), _with_interval(fgsm), _with_interval(pgd))
        for epsilon, fgsm, pgd in zip(found["epsilons"], found["fgsm"], found["pgd"], strict=True)
    ]


def _with_interval(share: Mapping[str, Any]) -> str:
    return f"{percent(share['accuracy'], 1)} ({percent_range(share['interval'], 1)})"


def _epsilon(epsilon: float) -> str:
    levels = epsilon * 255
    return f"{levels:.0f}/255" if abs(levels - round(levels)) < 1e-6 else decimal(epsilon, 3)


def label_audit(page: Page) -> str:
    """State how many labels the audit flagged, how, and the accuracy without confirmed label errors."""
    audit = page["metrics"]["label_audit"]
    flagged = []
    for split, images in (("train", "training images"), ("test", "test images")):
        if split in audit:
            number = audit[split]["suspects"]
            scored = audit[split]["scored"]
            flagged.append(f"{whole(number)} of {whole(scored)} {images}{at_least_wrong(audit[split])}")
    text = (f"The audit flagged {join_words(flagged)}: networks trained without these images predict another class than the label. "
            "A flagged label may still be correct.")  # fmt: skip
    return " ".join([text, *audit.get("notes", ()), *_without_confirmed(audit.get("confirmed"))])


def _without_confirmed(found: Mapping[str, Any] | None) -> list[str]:
    if not found or not found["confirmed_test"]:
        return []
    text = (f"A reviewer confirmed {count_of(found['confirmed_test'], 'label error')} in the test split. Without these images "
            f"accuracy is {percent(found['accuracy_without'])} ({percent_range(found['interval_without'])}) instead of "
            f"{percent(found['accuracy'])}. This is optimistic: only labels flagged by the audit were reviewed.")  # fmt: skip
    return [text]


def suspects(page: Page) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the most suspect images of each split, with the split's adjective."""
    listed = worst_by_split(page["metrics"]["label_audit"])
    return [(SPLITS[split], worst[:SUSPECTS_SHOWN]) for split, worst in listed.items() if worst]


def can_open(page: Page, suspect: Mapping[str, Any]) -> bool:
    """Return whether the image is embedded in the page."""
    return f"{suspect['split']}-{suspect['index']}" in page["suspects_shown"]


def not_measured(page: Page) -> list[tuple[str, str]]:
    """Return the commands that would measure the missing parts, with what each measures."""
    metrics, missing = page["metrics"], []
    if not (metrics.get("robustness") and metrics.get("ood")):
        images = "corruptions, adversarial attacks and out-of-distribution images"
        missing.append(("convscope evaluate . --thorough", f"Not measured: {images}"))
    if not metrics.get("label_audit"):
        missing.append(("convscope audit .", "Label audit not run"))
    return missing
