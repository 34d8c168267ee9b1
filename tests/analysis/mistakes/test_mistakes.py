"""The mistakes of a real run, and what is known of each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

import convscope
from convscope.analysis.label_audit.suspects import LabelAudit
from convscope.analysis.mistakes.mistakes import Mistake, explain_mistakes, mistakes_metrics
from convscope.data.dataset import Dataset
from convscope.models.predictor import Predictor


@pytest.fixture(scope="module")
def predictor(digits_run: convscope.Run) -> Predictor:
    return Predictor(digits_run.folder / "model.onnx")


@pytest.fixture(scope="module")
def explained(digits_run: convscope.Run, predictor: Predictor) -> tuple[Mistake, ...]:
    return explain_mistakes(digits_run.record, predictor)


def test_every_mistake_is_there_the_surest_first(
    explained: tuple[Mistake, ...], digits_run: convscope.Run, digits: Dataset
) -> None:
    evaluation = digits_run.evaluation
    assert {each.index for each in explained} == set(evaluation.mistakes.tolist())
    for each in explained:
        assert np.array_equal(each.image, digits.test.images[each.index])
        assert each.labels == (digits.test.labels[each.index], evaluation.predictions[each.index])
        assert each.true == digits.class_names[each.labels[0]]


def test_probabilities_are_calibrated(explained: tuple[Mistake, ...], digits_run: convscope.Run) -> None:
    temperature = digits_run.record.metrics["uncertainty"]["temperature"]
    for each in explained:
        logits = digits_run.evaluation.logits[each.index].astype(np.float64)
        assert each.probabilities == pytest.approx(softmax(logits / temperature))
        assert each.predicted_probability == each.probabilities.max() > each.true_probability


@pytest.mark.parametrize("temperature", [0.05, 1, 20])
def test_the_order_is_that_of_the_calibrated_confidence(
    temperature: float, digits_run: convscope.Run, predictor: Predictor
) -> None:
    metrics = {**digits_run.record.metrics, "uncertainty": {"temperature": temperature}}
    found = explain_mistakes(replace(digits_run.record, metrics=metrics), predictor)
    confidences = [each.predicted_probability for each in found]
    assert confidences == sorted(confidences, reverse=True)
    first = explain_mistakes(replace(digits_run.record, metrics=metrics), predictor, most=1)
    assert [each.index for each in first] == [found[0].index]


def test_neighbours_are_training_images_of_the_two_classes_in_order_of_distance(
    explained: tuple[Mistake, ...], digits: Dataset, predictor: Predictor
) -> None:
    for each in explained:
        wrong, _ = predictor.features_and_logits(each.image[None])
        for near, label in zip((each.nearest_true, each.nearest_predicted), each.labels, strict=True):
            assert near is not None
            assert (digits.train.labels[near.indices] == label).all()
            assert np.array_equal(near.images, digits.train.images[near.indices])
            features, _ = predictor.features_and_logits(near.images)
            assert near.distances == pytest.approx(np.linalg.norm(features - wrong, axis=1), rel=1e-4)
            assert (np.diff(near.distances) >= -1e-6).all()


def test_history_ends_with_the_answer_and_agrees_with_the_film(
    explained: tuple[Mistake, ...], digits_run: convscope.Run
) -> None:
    evidence = digits_run.record.evidence
    assert evidence is not None
    snapshots = evidence.epoch_snapshots
    assert snapshots is not None
    assert snapshots.predictions is not None
    accuracy = (snapshots.predictions == digits_run.evaluation.labels).mean(axis=1)
    assert accuracy == pytest.approx(snapshots.accuracy)
    for each in explained:
        assert each.epochs.tolist() == [1, 2]
        assert each.history[-1] == each.labels[1]
        assert each.triage.signs.earlier_epochs == 1
        assert each.triage.signs.epochs_correct == int(each.history[0] == each.labels[0])


def test_other_networks_vote(digits_run: convscope.Run, predictor: Predictor) -> None:
    evaluation = digits_run.evaluation
    votes = np.zeros(evaluation.logits.shape, np.int64)
    for answers in (evaluation.labels, evaluation.predictions, evaluation.predictions):
        votes[np.arange(len(evaluation)), answers] += 1
    for each in explain_mistakes(digits_run.record, predictor, votes=votes, voter_name="other seeds"):
        true, predicted = each.labels
        assert (each.votes[true], each.votes[predicted], each.votes.sum()) == (1, 2, 3)
        assert (each.triage.signs.votes, each.triage.signs.votes_for_prediction, each.triage.signs.votes_right) == (3, 2, 1)
        assert any("2 of 3 other seeds" in part for part in each.triage.evidence)
        listed = mistakes_metrics([each], 1)["list"][0]
        assert listed["votes"] == sorted([[true, 1], [predicted, 2]])


def test_an_audit_is_part_of_the_evidence(digits_run: convscope.Run, predictor: Predictor) -> None:
    wrong = digits_run.evaluation.mistakes
    indices, classes = wrong[[1, 0]], np.array([0, 1])  # the first is a training image's place, by chance that of a mistake
    audit = LabelAudit(
        np.array(["train", "test"]),
        indices,
        classes,
        1 - classes,
        np.array([0.99, 0.95]),
        digits_run.evaluation.class_names,
        (),
    )
    first, second, *_ = explain_mistakes(digits_run.record, predictor, audit=audit)
    assert (first.triage.signs.audited, first.triage.signs.audit_score) == (True, 0.95)
    assert (second.triage.signs.audited, second.triage.signs.audit_score) == (True, None)
    assert mistakes_metrics([first, second], 2)["audited"]


def test_a_run_of_an_earlier_version_has_no_history_and_maybe_no_temperature(
    digits_run: convscope.Run, predictor: Predictor
) -> None:
    record = digits_run.record
    assert record.evidence is not None
    assert record.evidence.epoch_snapshots is not None
    bare = replace(
        record.evidence,
        epoch_snapshots=replace(record.evidence.epoch_snapshots, predictions=None),
        nearest_neighbours=None,
    )
    old = replace(record, evidence=bare, metrics={})
    for each in explain_mistakes(old, predictor, most=3):
        assert each.probabilities == pytest.approx(digits_run.evaluation.probabilities[each.index])
        assert (each.nearest_true, len(each.history)) == (None, 0)


def test_the_metrics_count_and_list_them(explained: tuple[Mistake, ...], digits_run: convscope.Run) -> None:
    metrics = mistakes_metrics(explained, digits_run.evaluation.errors)
    assert metrics == json.loads(json.dumps(metrics, allow_nan=False)) == digits_run.record.metrics["mistakes"]
    assert sum(metrics["triage"].values()) == metrics["explained"] == metrics["errors"] == len(metrics["list"])
    first = metrics["list"][0]
    assert (first["index"], first["true"], first["predicted"]) == (explained[0].index, *explained[0].labels)
    assert first["reason"].lower().endswith(f"{'; '.join(first['evidence'])}.".lower())
    for kind, indices in metrics["indices"].items():
        assert indices == [each.index for each in explained if each.triage.kind == kind]
        assert metrics["triage"][kind] == len(indices)
    assert (metrics["votes"], metrics["audited"]) == (None, False)
