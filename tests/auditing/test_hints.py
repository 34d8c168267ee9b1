"""With the networks of an audit as witnesses, flipped test labels come out as suspect, and few others do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.gathering import gather_evidence
from convscope.analysis.label_audit import find_suspects
from convscope.analysis.mistakes import explain_mistakes
from convscope.api import Run
from convscope.data.dataset import Dataset, Split
from convscope.models.predictor import Predictor

from .conftest import Audited  # type: ignore[import-not-found]

FLIPPED = 30


def test_flipped_test_labels_are_suspect(digits_run: Run, digits: Dataset, audited: Audited) -> None:
    generator, labels = np.random.default_rng(0), digits.test.labels.copy()
    places = generator.choice(len(labels), FLIPPED, replace=False)
    labels[places] = (labels[places] + generator.integers(1, 10, FLIPPED)) % 10
    evaluation = Evaluation(labels, digits_run.evaluation.logits, digits.class_names)
    record = replace(digits_run.record, evaluation=evaluation, evidence=None)
    predictor = Predictor(digits_run.folder / "model.onnx")
    evidence = gather_evidence(record, replace(digits, test=Split(digits.test.images, labels)), predictor)
    audit = find_suspects({"test": (labels, audited.found.test)}, digits.class_names)
    found = explain_mistakes(replace(record, evidence=evidence), predictor, audit=audit, saliency=False)
    flipped = set(places.tolist())
    of_flips, of_others = (
        Counter(each.triage.kind for each in found if (each.index in flipped) is wanted) for wanted in (True, False)
    )
    assert of_flips["label suspect"] >= 0.9 * FLIPPED, of_flips
    assert 3 * of_others["label suspect"] <= of_others.total(), of_others
