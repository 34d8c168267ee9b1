"""One cross-validation for all tests: the quick dataset with 1% of its labels changed at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from convscope.analysis.label_audit.cross_validation import AuditProgress, OutOfSample, cross_validate
from convscope.data.dataset import Dataset, Split
from convscope.types import Labels

FOLDS = 2


@dataclass(frozen=True, eq=False)
class Audited:
    dataset: Dataset
    flipped: Labels
    found: OutOfSample
    checkpoint: Path
    events: list[AuditProgress]
    readings: list[int]
    """Number of events before each read of the test split."""


def flip(dataset: Dataset, share: float, *, seed: int) -> tuple[Dataset, Labels]:
    """Return ``dataset`` with that share of its training labels changed, and the changed indices."""
    generator, labels = np.random.default_rng(seed), dataset.train.labels.copy()
    chosen = generator.choice(len(labels), round(share * len(labels)), replace=False)
    labels[chosen] = (labels[chosen] + generator.integers(1, dataset.num_classes, len(chosen))) % dataset.num_classes
    return replace(dataset, train=Split(dataset.train.images, labels)), chosen


@pytest.fixture(scope="session")
def audited(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    dataset, chosen = flip(digits, 0.01, seed=0)
    checkpoint, events, readings = tmp_path_factory.mktemp("audit") / "folds.npz", list[AuditProgress](), list[int]()
    found = cross_validate(
        dataset,
        folds=FOLDS,
        seed=0,
        progress=events.append,
        checkpoint=checkpoint,
        before_reading=lambda: readings.append(len(events)),
    )
    return Audited(dataset, chosen, found, checkpoint, events, readings)
