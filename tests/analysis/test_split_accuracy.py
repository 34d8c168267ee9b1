"""Training, validation and test accuracy of the network that is delivered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import fisher_exact

import convscope
from convscope.analysis.split_accuracy import measure_splits
from convscope.data.dataset import Dataset
from convscope.models.predictor import Predictor
from convscope.training.validation_split import train_and_holdout_indices


def test_a_run_has_the_accuracies_of_its_final_network_on_images_without_augmentation(digits_run: convscope.Run) -> None:
    splits, request = digits_run.record.metrics["splits"], digits_run.record.request
    train, held_out, _ = train_and_holdout_indices(digits_run.dataset.train, request["config"], seed=0)
    predictor = Predictor(digits_run.folder / "model.onnx")
    images, labels = digits_run.dataset.train.images, digits_run.dataset.train.labels
    for name, rows in (("validation", held_out), ("train", train)):
        right = predictor.logits(images[rows]).argmax(axis=1) == labels[rows]
        if splits[name]["n"] == len(rows):
            assert splits[name]["count"] == right.sum()
        assert splits[name]["accuracy"] == pytest.approx(right.mean(), abs=0.01)
    assert splits["test"]["accuracy"] == digits_run.evaluation.accuracy
    validation, test = splits["validation"], splits["test"]
    found = splits["validation_minus_test"]
    assert found["value"] == validation["accuracy"] - test["accuracy"]
    counts = [[each["count"], each["n"] - each["count"]] for each in (validation, test)]
    assert found["p"] == pytest.approx(fisher_exact(counts).pvalue, abs=0.03)


def test_wrong_labels_make_confident_errors_and_the_networks_own_errors_do_not(
    digits_run: convscope.Run, digits: Dataset
) -> None:
    config, predictor = digits_run.record.request["config"], Predictor(digits_run.folder / "model.onnx")
    plain = measure_splits(predictor, digits, digits_run.evaluation, config, seed=0)
    assert plain is not None
    errors = plain.validation.n - plain.validation.count
    assert plain.confident_errors <= errors / 3
    labels, wrong = digits.train.labels.copy(), np.random.default_rng(0).random(len(digits.train)) < 0.3
    labels[wrong] = (labels[wrong] + 1) % 10
    relabelled = replace(digits, train=replace(digits.train, labels=labels))
    noisy = measure_splits(predictor, relabelled, digits_run.evaluation, config, seed=0)
    assert noisy is not None
    errors = noisy.validation.n - noisy.validation.count
    assert errors > 20
    assert noisy.confident_errors > errors / 3


def test_a_run_that_holds_nothing_out_has_no_split_accuracies(digits_run: convscope.Run, digits: Dataset) -> None:
    config = {**digits_run.record.request["config"], "validation": "test"}
    predictor = Predictor(digits_run.folder / "model.onnx")
    assert measure_splits(predictor, digits, digits_run.evaluation, config, seed=0) is None
