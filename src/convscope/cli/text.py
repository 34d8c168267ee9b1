"""Results as plain text; the functions return strings and print nothing."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len  # letters of some scripts take two columns

from ..analysis.baseline import pairing_of
from ..analysis.findings.accuracy import constant_answer
from ..analysis.statistics.proportions import is_measured
from ..formatting import count_of, format_probability, p_value, percent, percent_range, percentage_points, printable
from ..runs import ledger
from ..system.files import json_text
from ..types import Images
from .streams import lacks_unicode

if TYPE_CHECKING:
    from ..analysis.uncertainty.calibration import CalibrationMetrics
    from ..prediction.predictions import Prediction
    from ..runs.ledger import LedgerEntry

Metrics = Mapping[str, Any]

SHADES = " ░▒▓█"

MAX_MATRIX, MAX_DRAWING = 40, 56
"""Pixels per row up to which an image is printed as a matrix; characters per row of a drawn image."""


MAX_SET = 5
"""Classes of a prediction set that is printed; JSON has all."""
MAX_CHARACTERS = 8
"""Characters that a note names."""


def to_json(value: Any) -> str:
    """Return ``value`` as strict JSON, indented."""
    return json_text(value, ascii_only=lacks_unicode())


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return aligned columns: the first ``left`` flush left, the others, which hold numbers, flush right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            pad(cell, width, left=column < left) for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def pad(text: str, columns: int, *, left: bool = True) -> str:
    """Return ``text``, flush left or right, in this many columns of a terminal, of which a Chinese character takes two."""
    blanks = " " * (columns - cell_len(text))
    return text + blanks if left else blanks + text


def matrix(image: Images) -> str:
    """Return the grey levels of the first channel of an image (h, w, c), one line per row."""
    return "\n".join(" ".join(f"{value:3d}" for value in row) for row in image[..., 0])


def picture(image: Images) -> str:
    """Return an image (h, w, c) in five shades, two characters per pixel; a large one is subsampled."""
    step = -(-image.shape[1] // (MAX_DRAWING // 2))
    grey = image[::step, ::step].mean(axis=-1)
    levels = np.minimum((grey / 256 * len(SHADES)).astype(int), len(SHADES) - 1)
    return "\n".join("".join(SHADES[level] * 2 for level in row).rstrip() for row in levels)


def result_line(test: Metrics) -> str:
    """Return accuracy with its interval, errors and loss of an evaluated test split."""
    return (
        f"test accuracy {percent(test['accuracy'])} (95% CI {percent_range(test['interval'])}), "
        f"{count_of(test['errors'], 'error')} in {count_of(test['n'], 'image')}, loss {test['loss']:.4f}"
        f"{constant_answer(test)}"
    )


def probability_scores_line(test: Metrics, temperature: float | None = None) -> str:
    """Return loss, macro F1, Brier score and calibration error with their 95% intervals; those of no ``temperature``."""
    names = {"loss": "loss", "macro_f1": "macro F1", "brier": "Brier score", "ece": "calibration error (ECE)"}
    top = (
        f"top-{each['k']} accuracy {_share(each['accuracy'], each['interval'])}" for each in test.get("top_k_accuracy", ())
    )
    numbers = (f"{title} {test[name]:.4f} ({_number_range(test[f'{name}_interval'])})" for name, title in names.items())
    before = "before temperature scaling: " if temperature else ""
    return f"{before}{', '.join((*numbers, *top))}; 95% CIs in parentheses"


def calibrated_scores_line(found: CalibrationMetrics, temperature: float) -> str:
    """Return the scores of the probabilities in use, which are those after temperature scaling."""
    scores = (("loss", found.nll), ("Brier score", found.brier), ("calibration error (ECE)", found.ece))
    numbers = (f"{title} {score.value:.4f} ({_number_range(score.interval)})" for title, score in scores)
    return f"after temperature scaling (T = {temperature:.2f}), as predict and the report do it: {', '.join(numbers)}"


def baseline_line(baseline: Metrics) -> str:
    """Return the baseline's accuracy and the paired difference with its test."""
    pairing = pairing_of(baseline)
    low, high = (percentage_points(end) for end in pairing.interval)
    return (
        f"baseline {baseline['model_name']}: {percent(baseline['accuracy'])} ({count_of(baseline['errors'], 'error')}); "
        f"difference {percentage_points(pairing.difference, sign=True)} points, 95% CI {low} to {high}, "
        f"{'' if pairing.significant else 'not significant, '}McNemar p {p_value(pairing.p)}"
    )


def threshold_lines(threshold: Metrics, run: str) -> str:
    """Return the confidence threshold for a target accuracy, its results, and the command that uses it."""
    measured, test, confidence = threshold["selection_split"], threshold["test"], _rounded_up(threshold["threshold"])
    chosen = (
        f"target accuracy {percent(threshold['target_accuracy'])}: confidence threshold {confidence}; on {measured['n']:,} "
        f"{threshold['selected_on']} images coverage {percent(measured['coverage'])} and accuracy {percent(measured['accuracy'])}, "
        "which show at least the target with 95% confidence"
    )
    if test["accuracy"] is None:
        return f"{chosen}\non the test split: coverage 0%, no prediction reaches the threshold"
    return (
        f"{chosen}\non the test split: coverage {_share(test['coverage'], test['coverage_interval'])}, accuracy "
        f"{_share(test['accuracy'], test['interval'])}; 95% CIs in parentheses\n"
        f"to use it: convscope predict {shlex.quote(run)} IMAGE... --at-least {confidence}"
    )


def _rounded_up(confidence: float) -> str:
    """Return a threshold rounded up, with three digits after its leading nines."""
    # Rounded down, it would accept predictions that the threshold itself rejects.
    digits = 4 if confidence <= 0 else max(4, 3 - math.floor(math.log10(max(1 - confidence, 1e-12))))
    return f"{math.ceil(confidence * 10**digits) / 10**digits:.{digits}f}"


def readings_line(entries: Sequence[LedgerEntry], fingerprint: str) -> str:
    """Return how often and for what the test split with this ``fingerprint`` was read; empty if there is no record."""
    times = ledger.counts_by_purpose(entries, fingerprint)
    if not times:
        return ""
    subject = "this read did not influence" if sum(times.values()) == 1 else "none of these reads influenced"
    return f"the test split was {ledger.describe(times)}; {subject} training"


def answer_line(prediction: Prediction) -> str:
    """Return an image file's name, its class with the probability, and the next most probable classes."""
    return f"{prediction.name}: {_answers(prediction)}"


def sheet_line(sheet: Sequence[Prediction]) -> str:
    """Return the name of an image file with several digits, their number, and their classes in reading order."""
    classes = " ".join(printable(each.class_name or "") if each.is_above_threshold else "?" for each in sheet)
    return f"{sheet[0].name}: {len(sheet)} digits found: {classes}"


def digit_line(prediction: Prediction) -> str:
    """Return the classes of one digit of several, and its position in the image."""
    place = prediction.place
    assert place is not None
    where = f"{place.height} × {place.width} pixels, {place.x} from the left, {place.y} from the top"
    return f"{place.number}: {_answers(prediction)}  {where}"


def _answers(prediction: Prediction) -> str:
    if not prediction.answers:
        return "no digit found"
    first, *others = (
        f"{printable(answer.class_name)} {format_probability(answer.probability)}" for answer in prediction.answers
    )
    text = first if prediction.is_above_threshold else f"below the threshold: {first}"
    text += f"  (then {', '.join(others)})" if others else ""
    # Of several classes only: the set of a sure prediction is that class.
    sets = [(level, names) for level, names in prediction.prediction_sets.items() if 1 < len(names) <= MAX_SET]
    return f"{text}; {percent(sets[-1][0], 0)} set: {printable(', '.join(sets[-1][1]))}" if sets else text


def ood_warning(prediction: Prediction) -> str:
    """Return the warning about an image that is out of distribution."""
    place = prediction.place
    name = f"digit {place.number} of {prediction.name}" if place and place.of > 1 else prediction.name
    return (
        f"convscope: warning: {name} is out of distribution (distance {prediction.distance:.3g}, "
        f"threshold {prediction.threshold:.3g}); do not trust this prediction"
    )


def class_table(test: Metrics) -> str:
    """Return a table of precision, recall and F1 of each class with their intervals, and its support."""
    names = ("precision", "recall", "f1")
    rows = (
        (entry["class_name"], *(_share(entry[name], entry[f"{name}_interval"]) for name in names), f"{entry['support']:,}")
        for entry in test["per_class"]
    )
    return table(("class", "precision (95% CI)", "recall (95% CI)", "F1 (95% CI)", "support"), rows)


def pairs_line(test: Metrics, most: int = 5) -> str:
    """Return the ``most`` frequent confusions; empty if there are none."""
    pairs = [f"{pair['true']} as {pair['predicted']} ({pair['count']})" for pair in test["confused_pairs"][:most]]
    return "most frequent confusions: " + ", ".join(pairs) if pairs else ""


def _share(value: float, interval: Sequence[float]) -> str:
    return f"{percent(value)} ({percent_range(interval)})" if is_measured(interval) else "–"


def _number_range(interval: Sequence[float], digits: int = 4) -> str:
    low, high = interval
    return f"{low:.{digits}f}–{high:.{digits}f}"


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
    found = "which corruption is the worst is not shown" if worst is None else f"the worst is {title}"
    return (
        f"corruptions ({len(kinds)} kinds at {len(kinds[0]['strengths'])} strengths): mean accuracy "
        f"{_accuracy_with_interval(mean)}, against {percent(robustness['clean']['accuracy'], 1)} on the unchanged images "
        f"({_sample(robustness)}); {found}"
    )


def corruption_table(robustness: Metrics) -> str:
    """Return a table of accuracies in percent, per kind and strength."""
    rows = (
        (kind["title"], *(f"{100 * each['accuracy']:.1f}" for each in (*kind["strengths"], kind)),
         percent_range(kind["interval"], 1))
        for kind in robustness["kinds"]
    )  # fmt: skip
    strengths = (f"{number}" for number in range(1, len(robustness["kinds"][0]["strengths"]) + 1))
    return table(("accuracy in % at strength", *strengths, "mean", "95% CI"), rows)


def ood_line(ood: Metrics) -> str:
    """Return the out-of-distribution score, its threshold, and the false positives on the test images."""
    known = ood["false_positive_rate"]
    return (
        f"out-of-distribution detection: distance to the nearest class in the features of {ood['layer']}, threshold "
        f"{ood['threshold']:.3g}; false positives: {percent(known['value'], 1)} of {known['n']:,} "
        "test images"
    )


def ood_table(ood: Metrics) -> str:
    """Return a table of AUROC by distance and by confidence, and the detection rate, per set of images."""
    rows = (
        (each["title"], f"{each['distance']['value']:.3f}", _number_range(each["distance"]["interval"], 3),
         f"{each['confidence']['value']:.3f}", percent(each["detection_rate"]["value"], 1), f"{each['n']:,}")
        for each in ood["sets"]
    )  # fmt: skip
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


def _accuracy_with_interval(share: Metrics) -> str:
    return f"{percent(share['accuracy'], 1)} (95% CI {percent_range(share['interval'], 1)})"


def _sample(section: Metrics) -> str:
    return f"{section['n']:,} of {section['test_images']:,} test images"


def font_note(class_names: Sequence[str]) -> str:
    """Return a note on characters of ``class_names`` that the PNG figures show as boxes; empty if there are none."""
    if all(map(str.isascii, class_names)):
        return ""
    from ..figures.fonts import characters_without_font  # matplotlib, half a second, which the figures have imported

    lacking = characters_without_font(class_names)
    if not lacking:
        return ""
    shown = f"{lacking[:MAX_CHARACTERS]}…" if len(lacking) > MAX_CHARACTERS else lacking
    return (
        f"convscope: note: no installed font has {shown}, so the PNG figures show boxes in class names. Install one, such as Noto "
        "Sans for that script; the page and the SVG figures use their reader's fonts."
    )
