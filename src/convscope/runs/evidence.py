"""Evidence, figures and page of a run, for ``train`` and ``report``."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from ..analysis.evidence import collect_evidence
from ..analysis.label_audit.suspects import LabelAudit
from ..analysis.mistakes.mistakes import explain_mistakes, mistakes_metrics
from ..data.dataset import Dataset
from ..data.load import reload_dataset
from ..errors import ConvscopeError, for_command_line
from . import ledger
from .label_suspects import load_audit
from .reading import open_predictor
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

    Evidence that the folder lacks is collected now, from ``dataset`` or from where the run found it; ``verb`` is the command
    that the ledger then names. If the dataset cannot be loaded any more, ``evidence_missing`` has the reason. ``study`` is as
    in :func:`seed_votes`.
    """
    if record.evidence is None:
        try:
            with for_command_line() if verb == "report" else nullcontext():  # readers of the page may have no Python
                dataset = dataset or reload_dataset(record.request["dataset"])
        except ConvscopeError as error:
            return replace(record, evidence_missing=str(error))
        entries = ledger.Ledger(folder, verb, dataset.name, dataset.fingerprint, len(dataset.test))
        evidence = collect_evidence(
            record, dataset, open_predictor(folder, record.request["dataset"]), before_reading=entries.record
        )
        record = replace(record, evidence=evidence, readings=ledger.read(folder))
    votes = seed_votes(record, folder, study)
    explained = record.metrics.get(MISTAKES)
    if explained is not None and (votes is None or explained["votes"] == votes.as_dict()):
        return record
    return ensure_mistake_analysis(record, folder, votes=votes, audit=load_audit(record, folder))


def ensure_mistake_analysis(
    record: RunRecord, folder: Path, *, votes: SeedVotes | None = None, audit: LabelAudit | None = None
) -> RunRecord:
    """Return ``record`` with its mistakes explained anew, with the ``votes`` of :func:`seed_votes` by default."""
    if record.evidence is None:
        return record
    votes = votes or seed_votes(record, folder)
    counts = None if votes is None else votes.counts
    explained = explain_mistakes(
        record, open_predictor(folder, record.request["dataset"]), votes=counts, voter_name=OTHER_SEEDS, audit=audit
    )
    voters = None if votes is None else votes.as_dict()
    return with_metrics(record, **{MISTAKES: mistakes_metrics(explained, record.evaluation.errors, votes=voters)})
