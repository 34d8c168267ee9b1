"""With the networks of an audit as witnesses, flipped test labels come out as suspect, and few others do."""

from __future__ import annotations

from collections import Counter

import pytest

from convscope.analysis.label_audit.suspects import find_suspects
from convscope.analysis.mistakes.mistakes import explain_mistakes
from convscope.api.run import Run
from convscope.data.dataset import Dataset
from convscope.models.predictor import Predictor

from ..audited import Audited  # type: ignore[import-not-found]
from ..flipped_labels import FLIPPED, flip  # type: ignore[import-not-found]


@pytest.mark.slow
def test_flipped_test_labels_are_suspect(digits_run: Run, digits: Dataset, audited: Audited) -> None:
    predictor = Predictor(digits_run.folder / "model.onnx")
    flipped = flip(digits_run, digits, predictor)
    audit = find_suspects({"test": (flipped.record.evaluation.labels, audited.found.test)}, digits.class_names)
    found = explain_mistakes(flipped.record, predictor, audit=audit)
    of_flips, of_others = (
        Counter(each.triage.kind for each in found if (each.index in flipped.indices) is wanted) for wanted in (True, False)
    )
    assert of_flips["label suspect"] >= 0.9 * FLIPPED, of_flips
    assert 3 * of_others["label suspect"] <= of_others.total(), of_others
