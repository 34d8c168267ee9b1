"""Test labels that are wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.evidence import collect_evidence
from convscope.api.run import Run
from convscope.data.dataset import Dataset, Split
from convscope.models.predictor import Predictor
from convscope.runs.record import RunRecord

FLIPPED = 30


@dataclass(frozen=True, eq=False)
class Flipped:
    """The run, had one test label in twelve been wrong."""

    record: RunRecord
    indices: set[int]


def flip(run: Run, digits: Dataset, predictor: Predictor) -> Flipped:
    """``run`` is one on ``digits``; its network stays as it is."""
    generator, labels = np.random.default_rng(0), digits.test.labels.copy()
    indices = generator.choice(len(labels), FLIPPED, replace=False)
    labels[indices] = (labels[indices] + generator.integers(1, 10, FLIPPED)) % 10
    evaluation = Evaluation(labels, run.evaluation.logits, digits.class_names)
    record = replace(run.record, evaluation=evaluation, evidence=None)
    evidence = collect_evidence(record, replace(digits, test=Split(digits.test.images, labels)), predictor)
    return Flipped(replace(record, evidence=evidence), set(indices.tolist()))
