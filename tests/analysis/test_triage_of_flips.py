"""What the hints are worth: test labels that are flipped come out as suspect, and few others do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.gathering import gather_evidence
from convscope.analysis.mistakes import explain_mistakes
from convscope.analysis.record import RunRecord
from convscope.api import Run
from convscope.data.dataset import Dataset, Split
from convscope.models.predictor import Predictor

FLIPPED = 30


@dataclass(frozen=True, eq=False)
class Flipped:
    """The run, had one test label in twelve been wrong."""

    record: RunRecord
    places: set[int]


@pytest.fixture(scope="module")
def predictor(digits_run: Run) -> Predictor:
    return Predictor(digits_run.folder / "model.onnx")


@pytest.fixture(scope="module")
def flipped(digits_run: Run, digits: Dataset, predictor: Predictor) -> Flipped:
    generator, labels = np.random.default_rng(0), digits.test.labels.copy()
    places = generator.choice(len(labels), FLIPPED, replace=False)
    labels[places] = (labels[places] + generator.integers(1, 10, FLIPPED)) % 10
    evaluation = Evaluation(labels, digits_run.evaluation.logits, digits.class_names)
    record = replace(digits_run.record, evaluation=evaluation, evidence=None)
    evidence = gather_evidence(record, replace(digits, test=Split(digits.test.images, labels)), predictor)
    return Flipped(replace(record, evidence=evidence), set(places.tolist()))


def test_most_flipped_labels_are_suspect_and_few_others_are(flipped: Flipped, predictor: Predictor) -> None:
    found = explain_mistakes(flipped.record, predictor, saliency=False)
    of_flips = Counter(each.triage.kind for each in found if each.index in flipped.places)
    of_others = Counter(each.triage.kind for each in found if each.index not in flipped.places)
    assert of_flips["label suspect"] >= 0.75 * FLIPPED, of_flips
    assert of_others["label suspect"] <= 0.25 * of_others.total(), of_others
