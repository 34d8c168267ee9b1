"""What the hints are worth: test labels that are flipped come out as suspect, and few others do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from convscope.analysis.mistakes.mistakes import explain_mistakes
from convscope.api.run import Run
from convscope.data.dataset import Dataset
from convscope.models.predictor import Predictor

from ...flipped_labels import FLIPPED, Flipped, flip  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def predictor(digits_run: Run) -> Predictor:
    return Predictor(digits_run.folder / "model.onnx")


@pytest.fixture(scope="module")
def flipped(digits_run: Run, digits: Dataset, predictor: Predictor) -> Flipped:
    return flip(digits_run, digits, predictor)


def test_with_other_networks_most_flipped_labels_are_suspect_and_few_others_are(
    flipped: Flipped, predictor: Predictor
) -> None:
    """The witnesses are three networks like this one, each wrong on other images."""
    predictions, size = flipped.record.evaluation.predictions, len(flipped.record.evaluation.class_names)
    generator, votes = np.random.default_rng(1), np.zeros((len(predictions), size), np.int64)
    for _ in range(3):
        wrong = generator.random(len(predictions)) < 0.03
        votes[np.arange(len(predictions)), np.where(wrong, (predictions + 1) % size, predictions)] += 1
    found = explain_mistakes(flipped.record, predictor, votes=votes)
    of_flips = Counter(each.triage.kind for each in found if each.index in flipped.indices)
    of_others = Counter(each.triage.kind for each in found if each.index not in flipped.indices)
    assert of_flips["label suspect"] >= 0.75 * FLIPPED, of_flips
    assert of_others["label suspect"] <= 0.25 * of_others.total(), of_others


def test_alone_the_network_calls_no_label_suspect(flipped: Flipped, predictor: Predictor) -> None:
    assert {each.triage.kind for each in explain_mistakes(flipped.record, predictor)} <= {"ambiguous", "unjudged"}
