"""Uncertainty of a run: calibration of its probabilities, and selective prediction.

The temperature and every threshold are chosen on validation images, and then measured on the test images.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ...data.dataset import Dataset
from ...errors import ConfigError, option
from ...formatting import percent
from ...models.predictor import Predictor
from ...system.dataclass_json import OMIT, from_json
from ...training.validation_split import SelectionSplit, train_and_holdout_indices
from ...types import Floats, Labels
from ..evaluation import Evaluation
from .calibration import CalibrationMetrics, measure_calibration
from .prediction_sets import PredictionSets, measure_prediction_sets
from .selective_prediction import (
    RiskCoverage,
    RiskCoverageCurve,
    Threshold,
    best_provable_accuracy,
    images_needed,
    lowest_threshold,
    risk_coverage_curve,
    thresholds_for_accuracy,
    thresholds_for_coverage,
)
from .temperature import Temperature, TemperatureScaling, fit_temperature_scaling, log_softmax


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Calibration before and after temperature scaling, and thresholds of confidence; ``metrics.json`` has it so."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("temperature",)

    selected_on: SelectionSplit
    """What temperature and thresholds were chosen on. On training images both come out too good: the confidence is higher
    there, and so is the accuracy."""
    n: int
    """Images they were chosen on."""
    temperature_scaling: TemperatureScaling | None
    """As fitted, used or not; None if no image was misclassified, so that there was nothing to fit."""
    uncalibrated: CalibrationMetrics
    """On the test images, at temperature 1."""
    calibrated: CalibrationMetrics | None
    """On the test images, at the temperature; None if it would not help."""
    curve: RiskCoverageCurve = field(metadata=OMIT)
    """Of the test images, by their confidence at the temperature in use."""
    risk_coverage: RiskCoverage
    thresholds: tuple[Threshold, ...]
    """For the target accuracies that some threshold is shown to reach; none on training images, which show nothing."""
    unreachable_targets: tuple[float, ...]
    """Target accuracies that no threshold is shown to reach."""
    prediction_sets: tuple[PredictionSets, ...] = ()
    """For each level; none on training images, and in runs of earlier versions."""

    @property
    def temperature(self) -> Temperature | None:
        """The temperature in use; None if none was fitted, or if it is not shown to help on images that were not trained on."""
        scaling = self.temperature_scaling
        return scaling.temperature if scaling and scaling.helps and self.selected_on == "validation" else None


def measure_uncertainty(
    predictor: Predictor, dataset: Dataset, evaluation: Evaluation, config: Mapping[str, Any], *, seed: int
) -> Uncertainty | None:
    """Measure the uncertainty of a trained network; None if there are no images to choose a temperature on.

    Takes at most half a second of one processor.
    """
    _, indices, selected_on = train_and_holdout_indices(dataset.train, config, seed=seed)
    if len(indices) == 0:
        return None
    held_out = dataset.train.take(indices)
    logits = predictor.logits(held_out.images)
    scaling = fit_temperature_scaling(logits, held_out.labels)
    used = scaling if scaling and scaling.helps and selected_on == "validation" else None
    temperature = used.temperature if used else 1.0
    selection = confidence_and_correct(logits, held_out.labels, temperature)
    test = confidence_and_correct(evaluation.logits, evaluation.labels, temperature)
    calibrated = (
        measure_calibration(evaluation.logits, evaluation.labels, temperature=temperature, seed=seed) if used else None
    )
    curve = risk_coverage_curve(*test)
    thresholds: tuple[Threshold, ...] = ()
    unreachable: tuple[float, ...] = ()
    sets: tuple[PredictionSets, ...] = ()
    if selected_on == "validation":
        thresholds, unreachable = thresholds_for_accuracy(selection, test)
        probabilities = (np.exp(log_softmax(each.astype(np.float64) / temperature)) for each in (logits, evaluation.logits))
        sets = measure_prediction_sets(*zip(probabilities, (held_out.labels, evaluation.labels), strict=True))
    return Uncertainty(
        selected_on,
        len(indices),
        scaling,
        measure_calibration(evaluation.logits, evaluation.labels, seed=seed),
        calibrated,
        curve,
        RiskCoverage(curve.aurc, curve.oracle_aurc, thresholds_for_coverage(selection, test)),
        thresholds,
        unreachable,
        sets,
    )


def uncertainty_from_metrics(metrics: Mapping[str, Any], evaluation: Evaluation) -> Uncertainty | None:
    """Return the uncertainty in a run's ``metrics``; None if it was not measured. The curve is computed again."""
    numbers = metrics.get("uncertainty")
    if numbers is None:
        return None
    test = confidence_and_correct(evaluation.logits, evaluation.labels, temperature_of(metrics))
    return from_json(Uncertainty, numbers, curve=risk_coverage_curve(*test))


def threshold_for_accuracy(
    predictor: Predictor, dataset: Dataset, evaluation: Evaluation, request: Mapping[str, Any], metrics: Mapping[str, Any],
    target: float,
) -> Threshold:  # fmt: skip
    """Choose the confidence threshold that is shown to reach an accuracy, and measure it on the test images.

    ``request`` and ``metrics`` are ``run.json`` and ``metrics.json``; ``target`` is in (0, 1].
    """
    _, indices, selected_on = train_and_holdout_indices(dataset.train, request["config"], seed=int(request["seed"]))
    if len(indices) == 0 or selected_on != "validation":
        raise ConfigError(
            f"{option('accuracy', target)} needs held-out images to choose a threshold on, but this run has none. "
            "Train with a recipe that holds images out, such as standard."
        )
    held_out, temperature = dataset.train.take(indices), temperature_of(metrics)
    selection = confidence_and_correct(predictor.logits(held_out.images), held_out.labels, temperature)
    test = confidence_and_correct(evaluation.logits, evaluation.labels, temperature)
    found = lowest_threshold(target, selection, test, selected_on=selected_on)
    if found is None:
        n = len(indices)
        few = f"even without an error, {n:,} validation images show at most {percent(best_provable_accuracy(n))}"
        why = few if images_needed(target) > n else f"the {n:,} validation images show it for no threshold"
        raise ConfigError(
            f"{option('accuracy', target)} is out of reach: {why} (95% confidence). Ask for less, or train on more images."
        )
    return found


def temperature_of(metrics: Mapping[str, Any]) -> float:
    """Return the divisor of a run's logits; 1 if none was fitted, or if it would not help."""
    return float((metrics.get("uncertainty") or {}).get("temperature") or 1.0)


def confidence_and_correct(logits: Floats, labels: Labels, temperature: float) -> tuple[Floats, Labels]:
    """Return the confidence (n,) of each prediction at ``temperature``, and (n,) 1 where it is correct, else 0."""
    confidence = np.exp(log_softmax(logits.astype(np.float64) / temperature).max(axis=1))
    return confidence, (logits.argmax(axis=1) == labels).astype(np.int64)
