"""Training, validation and test accuracy of the network that is delivered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import fisher_exact

import convscope
from convscope.analysis.split_accuracy import measure_splits
from convscope.data.dataset import Dataset
from convscope.models.architectures import ann
from convscope.models.predictor import Predictor
from convscope.page.text.glossary import GLOSSARY
from convscope.training.loop import fit
from convscope.training.recipes import sprint
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


@pytest.mark.parametrize("name", ["digits_run", pytest.param("mnist_run", marks=pytest.mark.slow)])
def test_history_and_final_network_differ_on_single_validation_images_as_the_glossary_says(
    name: str, request: pytest.FixtureRequest
) -> None:
    metrics = request.getfixturevalue(name).metrics
    final, everything = metrics["splits"]["validation"], metrics["uncertainty"]["risk_coverage"]["points"][0]
    in_training = round(metrics["history"]["last_epoch"]["val_accuracy"] * final["n"])
    assert abs(in_training - final["count"]) <= max(1, final["n"] // 1000)
    assert (everything["target_coverage"], everything["selection_split"]["correct"]) == (1, final["count"])
    assert "may classify single images otherwise" in GLOSSARY["validation"]


def test_a_prior_correction_changes_more_than_single_images_as_the_glossary_says(digits: Dataset) -> None:
    labels = digits.train.labels
    kept = [np.flatnonzero(labels == each)[: 12 if each % 2 else None] for each in range(10)]
    uneven = replace(digits, train=digits.train.take(np.sort(np.concatenate(kept))))
    training = fit(ann, uneven, sprint().with_settings({"balance": "prior", "epochs": 1}), seed=0)
    held_out, correction = training.validation, training.correction
    assert correction is not None
    in_training = (training.logits(held_out.images) - correction.shifts).argmax(axis=1)
    assert training.history[-1].val_accuracy == pytest.approx((in_training == held_out.labels).mean())
    final = training.logits(digits.test.images)
    assert ((final - correction.shifts).argmax(axis=1) != final.argmax(axis=1)).mean() > 0.02
    assert "with the class frequencies subtracted from its logits, more" in GLOSSARY["validation"]


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
