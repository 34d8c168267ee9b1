"""Findings on near-duplicates, calibration, selective prediction, label errors and robustness."""

from collections.abc import Mapping
from typing import Any

from ...formatting import count_of, join_words, percent, percentage_points
from ..label_audit.suspects import SPLITS, TOO_OFTEN
from ..statistics.proportions import wilson
from .finding import Finding, interval_text

SLIGHT = 0.01
"""Distance between confidence and accuracy that is called slight, 0..1."""
FEW = 0.01
"""Share of near-duplicates below which they hardly change the accuracy."""


def near_duplicates(metrics: Mapping[str, Any]) -> Finding | None:
    """Return how many test images equal or nearly equal a training image, unless few do; none for runs of earlier versions."""
    near = metrics.get("data", {}).get("near_duplicates")
    if not near or near["share"] < FEW:
        return None
    share, copies = percent(near["share"], 1), near.get("copies", 0)
    kinds = [
        (copies, "equal" if copies > 1 else "equals"),
        (near["n"], "nearly equal" if near["n"] > 1 else "nearly equals"),
    ]
    found = join_words([f"{number:,} {verb}" for number, verb in kinds if number])
    if near["others"]:
        without = (
            f"accuracy on the other {near['others']:,} is {percent(near['accuracy_of_others'])} "
            f"({interval_text(near['interval_of_others'])})"
        )
    else:
        without = "no other test images are left to measure the accuracy on new images with"
    return Finding(
        f"Of {count_of(metrics['test']['n'], 'test image')}, {found} a training image ({share}); {without}.",
        f"{share} of the test images equal training images, or nearly",
        "class_counts",
        near["share"],
        near["interval"],
    )


def calibration_finding(metrics: Mapping[str, Any]) -> Finding | None:
    """Return over- or underconfidence of the probabilities in use, if it is significant."""
    uncertainty = metrics.get("uncertainty")
    if not uncertainty:
        return None
    used = uncertainty["calibrated"] or uncertainty["uncalibrated"]
    gap = used["overconfidence"]
    low, high = gap["interval"]
    if low <= 0 <= high:
        return None
    accuracy = metrics["test"]["accuracy"]
    word, near, far = ("overconfident", low, high) if low > 0 else ("underconfident", -high, -low)
    ends = f"{percentage_points(near)} to {percentage_points(far)}"
    after = f" after temperature scaling (T = {uncertainty['temperature']:.2f})" if uncertainty["calibrated"] else ""
    return Finding(
        f"The network is {word}{after}: mean confidence {percent(accuracy + gap['value'])}, accuracy {percent(accuracy)}, a "
        f"difference of {ends} percentage points (95% CI). The calibration error (ECE) is {percent(used['ece']['value'])} "
        f"({interval_text(used['ece']['interval'])}).",
        f"{f'Slightly {word}' if far < SLIGHT else word.capitalize()} (by {ends.replace(' to ', '–')} points)",
        "reliability",
        gap["value"],
        [low, high],
    )


def selective_accuracy_finding(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the test accuracy above the lowest threshold that halves the error rate.

    The threshold is chosen on images outside the test split. There is no finding unless the test accuracy improves significantly.
    """
    uncertainty = metrics.get("uncertainty")
    if not uncertainty:
        return None
    points = uncertainty["risk_coverage"]["points"]
    # The first point covers all images.
    full_accuracy = next((point["selection_split"]["accuracy"] for point in points), None)
    if full_accuracy is None:
        return None
    for each in uncertainty["thresholds"]:
        target = each["target_accuracy"]
        if 1 - target > (1 - full_accuracy) / 2:
            continue
        test = each["test"]
        if test["accuracy"] is None or test["interval"][0] <= metrics["test"]["interval"][1]:
            return None
        accuracy, interval, coverage = percent(test["accuracy"]), test["interval"], percent(test["coverage"], 1)
        reach = f"{percent(each['threshold'], 1)} confident ({coverage} of images)"
        return Finding(
            f"With a confidence of at least {percent(each['threshold'], 1)}, which {coverage} of the test images reach, accuracy "
            f"is {accuracy} ({interval_text(interval)}), against {percent(metrics['test']['accuracy'])} on all of them. "
            f"{uncertainty['n']:,} {uncertainty['selected_on']} images {_show(each)} {percent(target, 1)} above it.",
            # "100% of the time" would be a claim about other images.
            f"When ≥ {reach}, it is right {accuracy} of the time"
            if test["accuracy"] < 1
            else f"No error among those ≥ {reach}",
            "coverage",
            test["accuracy"],
            list(interval),
        )
    return None


def _show(threshold: Mapping[str, Any]) -> str:
    """Return what was shown of a threshold; those of earlier versions hold for the images they were chosen on."""
    return "had" if threshold.get("level") is None else "show an accuracy of at least"


def audited_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Return how many labels the audit flags, and how many are wrong at least; none where its networks are wrong too often."""
    audit = metrics.get("label_audit")
    if not audit:
        return None
    # Runs of earlier versions do not tell whether there is a lower bound.
    splits = [split for split in SPLITS if audit.get(split, {}).get("scored") and audit[split].get("is_lower_bound", True)]
    suspects, scored = (sum(int(audit[split][key]) for split in splits) for key in ("suspects", "scored"))
    if not suspects:
        return None
    share, interval = percent(suspects / scored), list(wilson(suspects, scored))
    parts = " and ".join(
        f"{audit[split]['suspects']:,} of {audit[split]['scored']:,} {SPLITS[split]} images{at_least_wrong(audit[split])}"
        for split in splits
    )
    return Finding(
        f"Networks that were not trained on these images predict another class than the label for {parts}, {share} in all "
        f"({interval_text(interval)}). Such labels may be wrong; the network may be wrong as well.",
        f"Labels to check: {share} of {scored:,}",
        "label_audit",
        suspects / scored,
        interval,
    )


def at_least_wrong(split: Mapping[str, Any]) -> str:
    """Return how many labels of a split are wrong at least, or that none can tell, in parentheses; else nothing."""
    wrong, bounds = split.get("estimated_wrong", 0), split.get("is_lower_bound")
    if split["suspects"] and bounds is False:
        return f" ({TOO_OFTEN})"
    return f" (at least {count_of(wrong, 'wrong label')} by confident learning)" if wrong and bounds else ""


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
        f"Mean accuracy on corrupted images: {percent(mean['accuracy'], 1)}",
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
                f"Accuracy under attack (ε = {epsilon:.3g}): {percent(pgd['accuracy'], 1)}",
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
    chance = ", not significantly better than chance" if low <= 0.5 else ""  # the AUROC of a random score
    return Finding(
        f"Of {len(ranked)} sets of out-of-distribution images, {worst['title']} is the hardest to detect by the distance in the "
        f"features of {ood['layer']}: AUROC {area:.3f} (simultaneous 95% CI {ends}){chance}; the next is {second['title']}, with "
        f"{second['distance']['value']:.3f}.",
        f"Hardest to detect: {worst['title']} (AUROC {area:.3f})",
        "ood",
        area,
        [low, high],
    )


def _accuracy(share: Mapping[str, Any]) -> str:
    return f"{percent(share['accuracy'], 1)} ({interval_text(share['interval'], 1)})"
