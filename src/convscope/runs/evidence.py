"""Evidence, figures and page of a run, for ``train`` and ``report``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..analysis.evidence import collect_evidence
from ..analysis.label_audit.suspects import LabelAudit
from ..analysis.mistakes.mistakes import explain_mistakes, mistakes_metrics
from ..data.dataset import Dataset
from ..data.reload import reload_dataset
from ..errors import ConvscopeError
from ..models.predictor import Predictor
from . import ledger
from .files import ONNX_MODEL
from .label_suspects import load_audit
from .record import RunRecord, with_metrics
from .seed_votes import SeedVotes, seed_votes

MISTAKES = "mistakes"
"""Key of the explained mistakes in ``metrics.json``."""

OTHER_SEEDS = "other seeds"
"""Name for the networks that vote when they are the other seeds of a study."""


def ensure_evidence(
    record: RunRecord, folder: Path, dataset: Dataset | None, *, verb: str = "report", study: Path | None = None
) -> RunRecord:
    """Return ``record`` with its evidence, and its mistakes explained from that evidence.

    Evidence that the folder lacks is collected now. If the dataset cannot be loaded any more, the result has no evidence
    and the reason in ``evidence_missing``.

    Args:
        record: The run.
        folder: The run folder.
        dataset: The run's dataset, if it is in memory; by default it is loaded from where the run found it.
        verb: The command to name in the ledger if the test split is read.
        study: The folder of a study whose other seeds vote on the mistakes. By default the study named in the run's
            metrics, or the one that contains the run.
    """
    if record.evidence is None:
        try:
            dataset = dataset or reload_dataset(record.request["dataset"])
        except ConvscopeError as error:
            return replace(record, evidence_missing=str(error))
        entries = ledger.Ledger(folder, verb, dataset.name, dataset.fingerprint, len(dataset.test))
        evidence = collect_evidence(record, dataset, Predictor(folder / ONNX_MODEL), before_reading=entries.record)
        record = replace(record, evidence=evidence, readings=ledger.read(folder))
    votes = seed_votes(record, folder, study)
    if _are_complete(record.metrics.get(MISTAKES), votes):
        return record
    return ensure_mistake_analysis(record, folder, votes=votes, audit=load_audit(record, folder))


def ensure_mistake_analysis(
    record: RunRecord, folder: Path, *, votes: SeedVotes | None = None, audit: LabelAudit | None = None
) -> RunRecord:
    """Return ``record`` with its mistakes explained anew; unchanged if it has no evidence.

    Args:
        record: The run.
        folder: The run folder.
        votes: The votes of other seeds; by default those that :func:`seed_votes` finds.
        audit: The label audit of the run, if there is one.
    """
    if record.evidence is None:
        return record
    votes = votes or seed_votes(record, folder)
    counts = None if votes is None else votes.counts
    explained = explain_mistakes(record, Predictor(folder / ONNX_MODEL), votes=counts, voter_name=OTHER_SEEDS, audit=audit)
    voter_name = None if votes is None else votes.as_dict()
    return with_metrics(record, **{MISTAKES: mistakes_metrics(explained, record.evaluation.errors, votes=voter_name)})


def _are_complete(metrics: Mapping[str, Any] | None, votes: SeedVotes | None) -> bool:
    """Return whether the metrics explain the mistakes completely, with these ``votes``."""
    return metrics is not None and (votes is None or metrics["votes"] == votes.as_dict())
