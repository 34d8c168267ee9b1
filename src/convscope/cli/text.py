"""Results as plain text. Functions return strings; nothing here prints."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.pictures import shown
from ..formatting import percent
from ..types import Images

if TYPE_CHECKING:
    from ..ledger import LedgerEntry
    from ..prediction.predictions import Prediction

SHADES = " ░▒▓█"
WIDEST_MATRIX = 40
"""Pixels per row beyond which a matrix of numbers helps nobody."""
WIDEST_PICTURE = 56


def to_json(value: Any) -> str:
    """Strict JSON, indented."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Columns under a head; the first ``left`` flush left, the others, which hold numbers, flush right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def matrix(image: Images) -> str:
    """The grey levels of an image (h, w, c), one line per row; the first channel where there are several."""
    return "\n".join(" ".join(f"{value:3d}" for value in row) for row in image[..., 0])


def picture(image: Images) -> str:
    """An image (h, w, c) in five shades, two characters per pixel; a larger one is thinned out."""
    step = -(-image.shape[1] // (WIDEST_PICTURE // 2))
    grey = image[::step, ::step].mean(axis=-1)
    levels = np.minimum((grey / 256 * len(SHADES)).astype(int), len(SHADES) - 1)
    return "\n".join("".join(SHADES[level] * 2 for level in row).rstrip() for row in levels)


def result_line(test: Mapping[str, Any]) -> str:
    """Accuracy with its interval, loss and errors of an evaluated split."""
    low, high = test["interval"]
    return (
        f"accuracy {percent(test['accuracy'])} on {test['n']:,} test images "
        f"(95% interval {percent(low)} to {percent(high)}), {test['errors']:,} wrong, loss {test['loss']:.4f}"
    )


def doubt_line(test: Mapping[str, Any]) -> str:
    """What is no share of images, with the intervals."""
    numbers = [f"loss {test['loss']:.4f} ({_range(test['loss_interval'])})",
               f"macro F1 {test['macro_f1']:.4f} ({_range(test['macro_f1_interval'])})",
               f"Brier score {test['brier']:.4f} ({_range(test['brier_interval'])})",
               f"calibration error {test['ece']:.4f} ({_range(test['ece_interval'])})"]  # fmt: skip
    return f"{', '.join(numbers)}; in brackets the 95% intervals"


def beside_line(baseline: Mapping[str, Any]) -> str:
    """The network beside, how far apart the two are, and whether that is more than chance."""
    from ..analysis.baseline import pairing_of
    from ..analysis.comparison_words import mcnemar, points

    pairing = pairing_of(baseline)
    low, high = (points(end, unit=False) for end in (pairing.interval.low, pairing.interval.high))
    judged = "more than chance makes" if pairing.significant else "which chance alone could make"
    return (
        f"beside it: {baseline['model_name']}, {percent(baseline['accuracy'])} and {baseline['errors']:,} wrong; a difference of "
        f"{points(pairing.difference)} ({low} to {high}), {judged} ({mcnemar(pairing.p)})"
    )


def _range(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{low:.4f} to {high:.4f}"


def threshold_lines(threshold: Mapping[str, Any], run: str) -> str:
    """The confidence that buys an accuracy, what it came to where it was chosen and on the test images, and how to use it."""
    measured, test, confidence = threshold["selection_split"], threshold["test"], _rounded_up(threshold["threshold"])
    chosen = (
        f"to be right on {percent(threshold['target_accuracy'], 2)}: answer where the confidence is at least {confidence}, "
        f"chosen on {measured['n']:,} {threshold['selected_on']} images, of which that answers {percent(measured['coverage'])}, "
        f"{percent(measured['accuracy'])} of them rightly"
    )
    if test["accuracy"] is None:
        return f"{chosen}\non the test images: none is answered then"
    return (
        f"{chosen}\non the test images: {percent(test['coverage'])} are answered ({_ends(test['coverage_interval'])}), "
        f"{percent(test['accuracy'])} of these rightly ({_ends(test['interval'])}); in brackets the 95% intervals\n"
        f"convscope predict {shlex.quote(run)} IMAGE... --at-least {confidence} says where it is not so sure"
    )


def _rounded_up(confidence: float) -> str:
    """So that nothing is answered that the threshold itself would leave aside; with three digits behind its nines, which are many
    for a network that is often sure."""
    digits = 4 if confidence <= 0 else max(4, 3 - math.floor(math.log10(max(1 - confidence, 1e-12))))
    return f"{math.ceil(confidence * 10**digits) / 10**digits:.{digits}f}"


def _ends(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{percent(low)} to {percent(high)}"


def readings_line(entries: Sequence[LedgerEntry], fingerprint: str) -> str:
    """How often the test split of the data with this ``fingerprint`` was read with a run, and what for; empty where nobody kept
    count."""
    from .. import ledger

    times = ledger.purposes(entries, fingerprint)
    return f"this test split was {ledger.in_words(times)}; nothing in this network was chosen by it" if times else ""


def answer_line(prediction: Prediction) -> str:
    """The name of a picture, its class and probability, and the runners-up; or that it is less sure than was asked for."""
    return f"{prediction.name}: {_answers(prediction)}"


def sheet_line(sheet: Sequence[Prediction]) -> str:
    """The name of a picture with several digits, how many, and what they are, in reading order."""
    said = " ".join(shown(each.class_name) if each.is_sure_enough else "?" for each in sheet)
    return f"{sheet[0].name}: {len(sheet)} digits found: {said}"


def digit_line(prediction: Prediction) -> str:
    """One digit of several: the answers, and where it is."""
    place = prediction.place
    assert place is not None
    where = f"{place.width} × {place.height} pixels, {place.x} from the left, {place.y} from the top"
    return f"{place.number}: {_answers(prediction)}  {where}"


def _answers(prediction: Prediction) -> str:
    first, *others = (f"{shown(answer.class_name)} {_how_sure(answer.probability)}" for answer in prediction.answers)
    said = first if prediction.is_sure_enough else f"not sure enough: {first}"
    return said + (f"  (then {', '.join(others)})" if others else "")


def _how_sure(probability: float) -> str:
    """Never 100%, which no network is, nor 0%."""
    if probability > 0.9999:
        return f"over {percent(0.9999)}"
    return percent(probability) if probability >= 0.0001 else f"under {percent(0.0001)}"


def unfamiliar_line(prediction: Prediction) -> str:
    """The warning about a picture that is no such thing as the network knows."""
    return (
        f"convscope: careful: {_what(prediction)} looks like nothing that the network was trained on "
        f"(distance {prediction.distance:.3g}; of known images, 99 in 100 are within {prediction.threshold:.3g})"
    )


def _what(prediction: Prediction) -> str:
    place = prediction.place
    return f"digit {place.number} of {prediction.name}" if place and place.of > 1 else prediction.name


def class_table(test: Mapping[str, Any]) -> str:
    """Precision, recall and F1 of each class with their intervals, and its support."""
    names = ("precision", "recall", "f1")
    rows = (
        (entry["class_name"], *(_share(entry[name], entry[f"{name}_interval"]) for name in names), f"{entry['support']:,}")
        for entry in test["per_class"]
    )
    return table(("class", "precision % (95%)", "recall % (95%)", "F1% (95%)", "support"), rows)


def _share(value: float, interval: Sequence[float]) -> str:
    low, high = (f"{100 * end:.2f}" for end in interval)
    return f"{100 * value:.2f} ({low} to {high})"


def pairs_line(test: Mapping[str, Any], most: int = 5) -> str:
    """The most frequent confusions, or an empty text where there is none."""
    pairs = [f"{pair['true']} taken for {pair['predicted']} ({pair['count']})" for pair in test["confused_pairs"][:most]]
    return "most confused: " + ", ".join(pairs) if pairs else ""
