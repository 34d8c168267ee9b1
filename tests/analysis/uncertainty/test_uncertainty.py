"""Uncertainty of a real run: chosen on validation images, measured on test images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import convscope
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.uncertainty.selective_prediction import risk_coverage_curve
from convscope.analysis.uncertainty.temperature import TemperatureScaling
from convscope.analysis.uncertainty.uncertainty import Uncertainty, confidence_and_correct, measure_uncertainty
from convscope.data.dataset import Dataset, Split
from convscope.models.predictor import Predictor
from convscope.system.dataclass_json import to_json
from convscope.training.validation_split import train_and_holdout_indices


@pytest.fixture(scope="module")
def predictor(digits_run: convscope.Run) -> Predictor:
    return Predictor(digits_run.folder / "model.onnx")


@pytest.fixture(scope="module")
def uncertainty(digits_run: convscope.Run, digits: Dataset, predictor: Predictor) -> Uncertainty:
    found = measure_uncertainty(predictor, digits, digits_run.evaluation, digits_run.record.request["config"], seed=0)
    assert found is not None
    return found


def test_a_training_keeps_its_uncertainty(digits_run: convscope.Run, uncertainty: Uncertainty) -> None:
    kept = digits_run.record.metrics["uncertainty"]
    assert kept == json.loads(json.dumps(to_json(uncertainty), allow_nan=False))


def test_the_temperature_is_fitted_to_the_validation_images(digits_run: convscope.Run, uncertainty: Uncertainty) -> None:
    scaling = uncertainty.temperature_scaling
    assert scaling is not None
    assert scaling.n == uncertainty.n
    # The last epoch's validation loss, which Keras measured on the same images.
    assert scaling.nll_before == pytest.approx(digits_run.history[-1].val_loss, rel=0.03)
    assert (uncertainty.selected_on, uncertainty.n) == ("validation", digits_run.record.metrics["data"]["validation"])


def test_numbers_of_the_test_split_are_those_of_its_evaluation(digits_run: convscope.Run, uncertainty: Uncertainty) -> None:
    test = digits_run.record.metrics["test"]
    assert uncertainty.uncalibrated.nll.value == pytest.approx(test["loss"])
    assert [uncertainty.uncalibrated.nll.interval.low, uncertainty.uncalibrated.nll.interval.high] == test["loss_interval"]
    assert sum(each.correct for each in uncertainty.uncalibrated.bins) == test["n"] - test["errors"]
    assert uncertainty.curve.accuracy[-1] == pytest.approx(test["accuracy"])


def test_a_temperature_that_does_not_help_is_stored_but_not_used(
    digits_run: convscope.Run, digits: Dataset, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TemperatureScaling, "helps", False)
    record = digits_run.record
    found = measure_uncertainty(predictor, digits, digits_run.evaluation, record.request["config"], seed=0)
    assert found is not None
    assert found.temperature_scaling is not None
    assert (found.temperature, found.calibrated) == (None, None)
    raw = confidence_and_correct(record.evaluation.logits, record.evaluation.labels, 1)
    assert found.curve.aurc == risk_coverage_curve(*raw).aurc
    unused = replace(record, metrics={**record.metrics, "uncertainty": to_json(found)})
    assert np.array_equal(unused.calibrated.probabilities, record.evaluation.probabilities)
    assert not np.array_equal(record.calibrated.probabilities, record.evaluation.probabilities)


def test_nothing_is_chosen_by_the_test_split(
    digits_run: convscope.Run, digits: Dataset, predictor: Predictor, uncertainty: Uncertainty
) -> None:
    own = digits_run.evaluation
    other = Evaluation(np.roll(own.labels, 1), own.logits[::-1], own.class_names)
    again = measure_uncertainty(predictor, digits, other, digits_run.record.request["config"], seed=0)
    assert again is not None
    assert again.temperature_scaling == uncertainty.temperature_scaling
    assert [each.confidence for each in again.thresholds] == [each.confidence for each in uncertainty.thresholds]
    assert again.uncalibrated.nll.value != uncertainty.uncalibrated.nll.value


def test_where_validation_is_the_test_split_training_images_are_taken_and_it_says_so(
    digits_run: convscope.Run, digits: Dataset, predictor: Predictor
) -> None:
    config = {**digits_run.record.request["config"], "validation": "test"}
    found = measure_uncertainty(predictor, digits, digits_run.evaluation, config, seed=0)
    assert found is not None
    assert (found.selected_on, found.n) == ("training", len(digits.train) // 2)


def test_without_a_mistake_on_validation_there_is_no_temperature(
    digits_run: convscope.Run, digits: Dataset, predictor: Predictor
) -> None:
    """The network's own answers as labels."""
    config = digits_run.record.request["config"]
    _, measured, _ = train_and_holdout_indices(digits.train, config, seed=0)
    labels = digits.train.labels.copy()
    answers = predictor.logits(digits.train.images[measured]).argmax(axis=1)
    # Only the images measured on change, and only where the network was wrong, so that the split stays what it is.
    swapped = np.flatnonzero(answers != labels[measured])
    images = digits.train.images.copy()
    images[measured[swapped]] = images[measured[np.flatnonzero(answers == labels[measured])[0]]]
    labels_of_swapped = labels[measured[swapped]]
    for index, label in zip(measured[swapped], labels_of_swapped, strict=True):
        good = np.flatnonzero((answers == labels[measured]) & (labels[measured] == label))[0]
        images[index] = digits.train.images[measured[good]]
    found = measure_uncertainty(
        predictor, replace(digits, train=Split(images, labels)), digits_run.evaluation, config, seed=0
    )
    assert found is not None
    assert (found.temperature, found.calibrated, found.thresholds) == (None, None, ())
    assert to_json(found)["temperature"] is None
