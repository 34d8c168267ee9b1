"""Evidence, figures and page of a run, for ``train`` and ``report``."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import archive, ledger, runs
from .analysis.gathering import collect_evidence
from .analysis.label_audit import LabelAudit
from .analysis.mistake_metrics import mistakes_metrics
from .analysis.mistakes import explain_mistakes
from .analysis.record import RunRecord
from .analysis.recording import with_metrics
from .data.again import same_dataset
from .data.dataset import Dataset
from .errors import ConvscopeError
from .files import make_folder, write_bytes, write_text
from .migrations import upgrade_metrics
from .models.predictor import Predictor
from .other_seeds import OtherSeeds, other_seeds
from .run_files import EVIDENCE, FIGURES, METRICS, ONNX_MODEL, REPORT
from .suspects_file import load_audit

if TYPE_CHECKING:
    from .drawing import SecondProcess
    from .figures.illustration import Drawing
    from .page.payload import OpenedPicture

MISTAKES = "mistakes"
"""Key of the explained mistakes in ``metrics.json``."""
SEEDS = "other seeds"
"""Name for the networks that vote when they are the other seeds of a study."""


def with_evidence(
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
            dataset = dataset or same_dataset(record.request["dataset"])
        except ConvscopeError as error:
            return replace(record, evidence_missing=str(error))
        entries = ledger.Ledger(folder, verb, dataset.name, dataset.fingerprint, len(dataset.test))
        evidence = collect_evidence(record, dataset, Predictor(folder / ONNX_MODEL), before_reading=entries.enter)
        record = replace(record, evidence=evidence, readings=ledger.read(folder))
    votes = other_seeds(record, folder, study)
    if _are_complete(record.metrics.get(MISTAKES), votes):
        return record
    return with_mistakes(record, folder, votes=votes, audit=load_audit(record, folder))


def with_mistakes(
    record: RunRecord, folder: Path, *, votes: OtherSeeds | None = None, audit: LabelAudit | None = None
) -> RunRecord:
    """Return ``record`` with its mistakes explained anew; unchanged if it has no evidence.

    Args:
        record: The run.
        folder: The run folder.
        votes: The votes of other seeds; by default those that :func:`other_seeds` finds.
        audit: The label audit of the run, if there is one.
    """
    if record.evidence is None:
        return record
    votes = votes or other_seeds(record, folder)
    counts = None if votes is None else votes.counts
    explained = explain_mistakes(record, Predictor(folder / ONNX_MODEL), votes=counts, voters=SEEDS, audit=audit)
    voters = None if votes is None else votes.as_dict()
    return with_metrics(record, **{MISTAKES: mistakes_metrics(explained, record.evaluation.errors, votes=voters)})


def _are_complete(metrics: Mapping[str, Any] | None, votes: OtherSeeds | None) -> bool:
    """Return whether the metrics explain the mistakes completely, with these ``votes``."""
    return metrics is not None and (votes is None or metrics["votes"] == votes.as_dict())


def write_report(record: RunRecord, folder: Path, second: SecondProcess | None = None) -> Path:
    """Write figures and page of a run, and its evidence if the folder lacks it.

    Args:
        record: The run.
        folder: The run folder, locked by the caller.
        second: A process that already draws some of the figures; by default a new one draws every other figure.

    Returns:
        The path of the page.
    """
    from . import drawing

    if record.evidence is not None and not (folder / EVIDENCE).is_file():
        archive.save_evidence(record.evidence, folder)
    _save_mistakes(record, folder)
    record = replace(record, readings=ledger.read(folder))
    figures = folder / FIGURES
    make_folder(figures)
    with _gc_paused(), second or drawing.SecondProcess(folder, drawing.EVERY_OTHER) as second:
        from .page.document import render  # imports matplotlib and Jinja, while the second process already draws

        def drawn() -> Iterator[Drawing]:
            for each in drawing.draw_all(record, second):
                write_text(figures / f"{each.drawing.name}.svg", each.svg)
                write_bytes(figures / f"{each.drawing.name}.png", each.png)
                yield each.drawing

        write_text(folder / REPORT, render(record, drawn()))
    return folder / REPORT


def _save_mistakes(record: RunRecord, folder: Path) -> None:
    """Write the mistakes into ``metrics.json``, and keep what other commands added there."""
    stored = upgrade_metrics(runs.read_json(folder / METRICS))
    if MISTAKES in record.metrics and record.metrics[MISTAKES] != stored.get(MISTAKES):
        archive.save_metrics({**stored, **{name: record.metrics[name] for name in (MISTAKES, "findings")}}, folder)


def write_page(record: RunRecord, output: Path, *, opened: OpenedPicture | None = None) -> None:
    """Write the page alone to ``output``, opened at the image file ``opened`` if one is given."""
    from .figures.gallery import illustrate
    from .figures.rendering import to_drawing, to_svg
    from .page.document import render

    with _gc_paused():
        write_text(output, render(record, (to_drawing(each, to_svg(each)) for each in illustrate(record)), opened=opened))


@contextlib.contextmanager
def _gc_paused() -> Iterator[None]:
    # Matplotlib makes hundreds of thousands of reference cycles; searching for them takes a tenth of the drawing time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
