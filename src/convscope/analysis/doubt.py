"""How sure a run's network is, how sure it may be, and what leaving aside what it is unsure of would buy.

The temperature and every threshold are chosen on validation images, and what they are worth is then measured on the test
images, by which nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from ..data.dataset import Dataset
from ..errors import ConfigError
from ..formatting import percent
from ..models.predictor import Predictor
from ..types import Floats, Labels
from .calibration import Calibration, calibrate, log_softmax
from .coverage import (
    CoverageCurve,
    Selection,
    Threshold,
    coverage_curve,
    highest_accuracy,
    threshold_buying,
    thresholds_for_accuracy,
    thresholds_for_coverage,
)
from .evaluation import Evaluation
from .gathering import rows_of
from .intervals import Estimate, Interval
from .record import RunRecord
from .sureness import Sureness, measure_sureness


@dataclass(frozen=True, eq=False)
class Doubt:
    """Probabilities as the softmax gives them, and after the temperature, where there is one."""

    measured_on: Literal["validation", "training"]
    """What temperature and thresholds were chosen on: training images where the recipe leaves no others. A network is surer of
    those, and as often right, so that both then promise too much."""
    n: int
    """How many images these were."""
    calibration: Calibration | None
    """``None`` where none of them went wrong, so that there was nothing to learn from."""
    before: Sureness
    """On the test images, at temperature 1."""
    after: Sureness | None
    """On the test images, at the temperature."""
    curve: CoverageCurve
    """Of the test images, by their calibrated confidence."""
    thresholds: tuple[tuple[float, Threshold | None], ...]
    """(wanted accuracy, threshold), ``None`` where no threshold gives it."""
    shares: tuple[Threshold, ...]
    """Thresholds by the share of images that are answered, from all to half."""

    @property
    def temperature(self) -> float | None:
        return None if self.calibration is None else self.calibration.temperature


def measure_doubt(
    predictor: Predictor, dataset: Dataset, evaluation: Evaluation, config: Mapping[str, Any], *, seed: int
) -> Doubt | None:
    """Of the network that ``predictor`` runs, trained on ``dataset`` by ``config`` with ``seed``, with its ``evaluation`` on
    the test split. ``None`` where there are no images to measure on.

    Half a second's work of one processor at most: 5,000 images through the network, and the intervals.
    """
    _, rows, measured_on = rows_of(dataset.train.labels, config, seed=seed)
    if len(rows) == 0:
        return None
    measured = dataset.train.take(rows)
    logits = predictor.logits(measured.images)
    calibration = calibrate(logits, measured.labels)
    temperature = calibration.temperature if calibration else 1.0
    known = confidence_and_right(logits, measured.labels, temperature)
    test = confidence_and_right(evaluation.logits, evaluation.labels, temperature)
    return Doubt(
        measured_on,
        len(rows),
        calibration,
        measure_sureness(evaluation.logits, evaluation.labels, seed=seed),
        measure_sureness(evaluation.logits, evaluation.labels, temperature=temperature, seed=seed) if calibration else None,
        coverage_curve(*test),
        thresholds_for_accuracy(known, test),
        thresholds_for_coverage(known, test),
    )


def buy_accuracy(
    predictor: Predictor, dataset: Dataset, evaluation: Evaluation, record: RunRecord, wanted: float
) -> Threshold:
    """The threshold of confidence that buys the accuracy ``wanted``, chosen on the validation images of the run of ``record`` on
    ``dataset``, whose network ``predictor`` runs; and what it comes to in ``evaluation``.

    Raises :class:`ConfigError` where no threshold does, or there are no images to choose it on.
    """
    if isinstance(wanted, bool) or not 0 < wanted <= 1:
        raise ConfigError(f"accuracy={wanted!r} cannot be bought; a share above 0 and up to 1 was expected, as 0.997.")
    _, rows, measured_on = rows_of(dataset.train.labels, record.request["config"], seed=int(record.request["seed"]))
    if len(rows) == 0:
        raise ConfigError(
            f"accuracy={wanted!r} was asked for, but the run held no images out to choose a threshold on; some were expected. "
            "Train with a recipe that does, as standard."
        )
    measured, temperature = dataset.train.take(rows), temperature_of(record.metrics)
    known = confidence_and_right(predictor.logits(measured.images), measured.labels, temperature)
    test = confidence_and_right(evaluation.logits, evaluation.labels, temperature)
    found = threshold_buying(wanted, known, test)
    if found is None:
        raise ConfigError(
            f"accuracy={wanted!r} cannot be bought: on the {len(rows):,} {measured_on} images no threshold leaves more than "
            f"{percent(highest_accuracy(*known))} of the answers right. Ask for less."
        )
    return replace(found, measured_on=measured_on)


def temperature_of(metrics: Mapping[str, Any]) -> float:
    """What a run's logits are divided by; 1 where that was not measured."""
    return float((metrics.get("doubt") or {}).get("temperature") or 1.0)


def confidence_and_right(logits: Floats, labels: Labels, temperature: float) -> tuple[Floats, Labels]:
    """(n,) how sure every answer is at ``temperature``, and (n,) whether it is right, as 0 and 1."""
    confidence = np.exp(log_softmax(logits.astype(np.float64) / temperature).max(axis=1))
    return confidence, (logits.argmax(axis=1) == labels).astype(np.int64)


def doubt_metrics(doubt: Doubt) -> dict[str, Any]:
    """As ``metrics.json`` has it, under ``doubt``."""
    return {
        "temperature": doubt.temperature,
        "measured_on": doubt.measured_on,
        "n": doubt.n,
        "calibration": None if doubt.calibration is None else asdict(doubt.calibration),
        "before": sureness_metrics(doubt.before),
        "after": sureness_metrics(doubt.after) if doubt.after else None,
        "coverage": {
            "aurc": doubt.curve.aurc,
            "best_aurc": doubt.curve.best_aurc,
            "points": [threshold_metrics(each.wanted, each) for each in doubt.shares],
        },
        "thresholds": [threshold_metrics(wanted, each) for wanted, each in doubt.thresholds],
    }


def sureness_metrics(sureness: Sureness) -> dict[str, Any]:
    """NLL, Brier score, calibration error and gap, each ``{value, interval}``, and the bins of the reliability diagram."""
    return {
        "nll": _estimate(sureness.nll),
        "brier": _estimate(sureness.brier),
        "ece": _estimate(sureness.ece),
        "ece_by_chance": sureness.ece_by_chance,
        "gap": _estimate(sureness.gap),
        "bins": [{**asdict(each), "interval": _pair(each.interval)} for each in sureness.bins],
    }


def threshold_metrics(wanted: float, found: Threshold | None) -> dict[str, Any]:
    """A threshold, what it came to where it was chosen, and what on the test images; ``threshold`` is null where there is none."""
    if found is None:
        return {"wanted": wanted, "threshold": None}
    return {
        "wanted": wanted,
        "threshold": found.confidence,
        "measured": _selection(found.measured),
        "test": _selection(found.test),
    }


def chosen_threshold_metrics(threshold: Threshold) -> dict[str, Any]:
    """The same of a threshold that was asked for, with what it was chosen on."""
    return {**threshold_metrics(threshold.wanted, threshold), "measured_on": threshold.measured_on}


def _selection(selection: Selection) -> dict[str, Any]:
    return {
        "n": selection.n,
        "answered": selection.answered,
        "coverage": selection.coverage,
        "coverage_interval": _pair(selection.coverage_interval),
        "accuracy": selection.accuracy,
        "interval": _pair(selection.interval),
        "errors": selection.answered - selection.right,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {"value": estimate.value, "interval": _pair(estimate.interval)}


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
