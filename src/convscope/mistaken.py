"""A run's mistakes, explained from its folder, and with what other runs on the same data make of the same images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import archive, runs
from .analysis.mistakes import Mistake, explain_mistakes
from .analysis.record import RunRecord
from .data.dataset import Dataset
from .errors import ConfigError, DatasetError
from .models.predictor import Predictor
from .other_seeds import other_seeds
from .reporting import MISTAKES, ONNX_MODEL, SEEDS, with_evidence, write_report
from .suspects_file import load_audit
from .trained_run import MODEL
from .types import Labels
from .votes import count_votes

if TYPE_CHECKING:
    from .training.gradients import InputGradient

NETWORKS = "other networks"
"""What those are called that were asked, where they are not all of one study."""


def mistakes_of(
    folder: Path, others: Sequence[Path], dataset: Dataset | None, *, study: Path | None, saliency: bool, most: int | None
) -> tuple[Mistake, ...]:
    """What :func:`convscope.api.mistakes` says. ``folder`` and ``others`` are those of complete runs."""
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 0):
        raise ConfigError(f"most={most!r} cannot be used; a whole number of at least 0, or None, was expected.")
    stored = archive.load_record(folder)
    answers = [_answers(stored, archive.load_record(other), other) for other in others]
    record = with_evidence(stored, folder, dataset, verb="mistakes", study=study)
    if record.evidence is None:
        raise DatasetError(
            f"the run {str(folder)!r} has no images of its mistakes: {record.evidence_missing} Bring the data back, or pass the "
            "Run that was trained."
        )
    if study is not None and record.metrics[MISTAKES] != stored.metrics.get(MISTAKES):
        with runs.rewriting_report(folder):
            write_report(record, folder)
    seeds = other_seeds(record, folder, study)
    gradient = _gradient(folder) if saliency else None
    votes = count_votes(answers, record.evaluation.labels, len(record.evaluation.class_names)).counts
    return explain_mistakes(
        record,
        Predictor(folder / ONNX_MODEL),
        votes=votes if seeds is None else votes + seeds.counts,
        voters=NETWORKS if others else SEEDS,
        audit=load_audit(record, folder),
        gradient=gradient,
        most=most,
    )


def _gradient(folder: Path) -> InputGradient:
    from .models.saving import load_model
    from .training.gradients import InputGradient

    return InputGradient(load_model(folder / MODEL))


def _answers(record: RunRecord, other: RunRecord, folder: Path) -> Labels:
    """(n,) what another run answers on the same test images. Raises :class:`ConfigError` where they are others."""
    own, its = record.evaluation, other.evaluation
    same_data = record.request["dataset"]["fingerprint"] == other.request["dataset"]["fingerprint"]
    if not same_data or not np.array_equal(own.labels, its.labels):
        raise ConfigError(
            f"the run {str(folder)!r} was trained on other data; the same were expected, so that both were asked about the same "
            "images. Leave it out."
        )
    return its.predictions
