"""Doubt of a real run: chosen on validation images, measured on test images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from convscope import api
from convscope.analysis.doubt import Doubt, doubt_metrics, measure_doubt
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.gathering import rows_of
from convscope.data.dataset import Dataset, Split
from convscope.models.predictor import Predictor


@pytest.fixture(scope="module")
def predictor(digits_run: api.Run) -> Predictor:
    return Predictor(digits_run.folder / "model.onnx")


@pytest.fixture(scope="module")
def doubt(digits_run: api.Run, digits: Dataset, predictor: Predictor) -> Doubt:
    found = measure_doubt(predictor, digits, digits_run.evaluation, digits_run.record.request["config"], seed=0)
    assert found is not None
    return found


def test_a_training_keeps_its_doubt(digits_run: api.Run, doubt: Doubt) -> None:
    kept = digits_run.record.metrics["doubt"]
    assert kept == json.loads(json.dumps(doubt_metrics(doubt), allow_nan=False))


def test_the_temperature_is_that_of_the_evidence_and_of_the_page(digits_run: api.Run, doubt: Doubt) -> None:
    evidence = digits_run.record.evidence
    assert evidence is not None
    assert doubt.calibration == evidence.calibration
    assert (doubt.measured_on, doubt.n) == ("validation", digits_run.record.metrics["data"]["validation"])


def test_numbers_of_the_test_split_are_those_of_its_evaluation(digits_run: api.Run, doubt: Doubt) -> None:
    test = digits_run.record.metrics["test"]
    assert doubt.before.nll.value == pytest.approx(test["loss"])
    assert [doubt.before.nll.interval.low, doubt.before.nll.interval.high] == test["loss_interval"]
    assert sum(each.right for each in doubt.before.bins) == test["n"] - test["errors"]
    assert doubt.curve.accuracy[-1] == pytest.approx(test["accuracy"])


def test_nothing_is_chosen_by_the_test_split(
    digits_run: api.Run, digits: Dataset, predictor: Predictor, doubt: Doubt
) -> None:
    own = digits_run.evaluation
    other = Evaluation(np.roll(own.labels, 1), own.logits[::-1], own.class_names)
    again = measure_doubt(predictor, digits, other, digits_run.record.request["config"], seed=0)
    assert again is not None
    assert again.calibration == doubt.calibration
    assert [each and each.confidence for _, each in again.thresholds] == [
        each and each.confidence for _, each in doubt.thresholds
    ]
    assert again.before.nll.value != doubt.before.nll.value


def test_where_validation_is_the_test_split_training_images_are_taken_and_it_says_so(
    digits_run: api.Run, digits: Dataset, predictor: Predictor
) -> None:
    config = {**digits_run.record.request["config"], "validation": "test"}
    found = measure_doubt(predictor, digits, digits_run.evaluation, config, seed=0)
    assert found is not None
    assert (found.measured_on, found.n) == ("training", len(digits.train) // 2)


def test_without_a_mistake_on_validation_there_is_no_temperature(
    digits_run: api.Run, digits: Dataset, predictor: Predictor
) -> None:
    """The network's own answers as labels."""
    config = digits_run.record.request["config"]
    _, measured, _ = rows_of(digits.train.labels, config, seed=0)
    labels = digits.train.labels.copy()
    answers = predictor.logits(digits.train.images[measured]).argmax(axis=1)
    # Only the images measured on change, and only where the network was wrong, so that the split stays what it is.
    swapped = np.flatnonzero(answers != labels[measured])
    images = digits.train.images.copy()
    images[measured[swapped]] = images[measured[np.flatnonzero(answers == labels[measured])[0]]]
    labels_of_swapped = labels[measured[swapped]]
    for place, label in zip(measured[swapped], labels_of_swapped, strict=True):
        good = np.flatnonzero((answers == labels[measured]) & (labels[measured] == label))[0]
        images[place] = digits.train.images[measured[good]]
    found = measure_doubt(predictor, replace(digits, train=Split(images, labels)), digits_run.evaluation, config, seed=0)
    assert found is not None
    assert (found.temperature, found.after, found.thresholds) == (None, None, ())
    assert doubt_metrics(found)["temperature"] is None
