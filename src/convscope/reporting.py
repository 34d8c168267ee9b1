"""From a run's record to its figures and its page: what ``train`` does at its end, and ``report`` at any time."""

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
from .suspects_file import load_audit

if TYPE_CHECKING:
    from .drawing import SecondProcess
    from .figures.illustration import Drawing
    from .page.payload import OpenedPicture

ONNX_MODEL, PAGE = "model.onnx", "report.html"
MISTAKES = "mistakes"
"""The key in the metrics."""
SEEDS = "other seeds"
"""What the networks are called that a study has made beside a run's."""


def with_evidence(
    record: RunRecord, folder: Path, dataset: Dataset | None, *, verb: str = "report", study: Path | None = None
) -> RunRecord:
    """``record`` with its evidence: that of the folder, or gathered now, from ``dataset`` or where the run says it was; and
    with what the evidence tells of its mistakes. ``verb``: for the ledger, if the test split is read. ``study``: whose votes on the
    mistakes are asked for; by default those of the study that the run knows of or lies in.

    Where the data are not there any more, without it, and with the reason.
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
    if _are_known(record.metrics.get(MISTAKES), votes):
        return record
    return with_mistakes(record, folder, votes=votes, audit=load_audit(record, folder))


def with_mistakes(
    record: RunRecord, folder: Path, *, votes: OtherSeeds | None = None, audit: LabelAudit | None = None
) -> RunRecord:
    """``record`` with what is known of its mistakes now, ``votes`` and ``audit`` included; as it is where it has no evidence.

    ``votes``: by default those of the study that the run knows of or lies in.
    """
    if record.evidence is None:
        return record
    votes = votes or other_seeds(record, folder)
    counts = None if votes is None else votes.counts
    explained = explain_mistakes(record, Predictor(folder / ONNX_MODEL), votes=counts, voters=SEEDS, audit=audit)
    asked = None if votes is None else votes.as_dict()
    return with_metrics(record, **{MISTAKES: mistakes_metrics(explained, record.evaluation.errors, votes=asked)})


def _are_known(metrics: Mapping[str, Any] | None, votes: OtherSeeds | None) -> bool:
    """Whether there is nothing to add to what the metrics tell of the mistakes."""
    return metrics is not None and (votes is None or metrics["votes"] == votes.as_dict())


def write_report(record: RunRecord, folder: Path, second: SecondProcess | None = None) -> Path:
    """The evidence, if the folder has none yet; the figures, each as PNG and SVG; and the page that they are embedded in.

    ``second``: a process that draws some of the figures already; without one every other figure is given to a new one.
    """
    from . import drawing

    if record.evidence is not None and not (folder / archive.EVIDENCE).is_file():
        archive.save_evidence(record.evidence, folder)
    _keep_mistakes(record, folder)
    record = replace(record, readings=ledger.read(folder))
    figures = folder / "figures"
    make_folder(figures)
    with _uncollected(), second or drawing.SecondProcess(folder, drawing.EVERY_OTHER) as second:
        from .page.document import render  # with matplotlib and Jinja, while the second process is at it already

        def drawn() -> Iterator[Drawing]:
            for each in drawing.draw_all(record, second):
                write_text(figures / f"{each.drawing.name}.svg", each.svg)
                write_bytes(figures / f"{each.drawing.name}.png", each.png)
                yield each.drawing

        write_text(folder / PAGE, render(record, drawn()))
    return folder / PAGE


def _keep_mistakes(record: RunRecord, folder: Path) -> None:
    """Put what is known of the mistakes into ``metrics.json``, beside what others may have put there meanwhile."""
    stored = upgrade_metrics(runs.read_json(folder / archive.METRICS))
    if MISTAKES in record.metrics and record.metrics[MISTAKES] != stored.get(MISTAKES):
        archive.save_metrics({**stored, **{name: record.metrics[name] for name in (MISTAKES, "findings")}}, folder)


def write_page(record: RunRecord, output: Path, *, opened: OpenedPicture | None = None) -> None:
    """The page alone; ``opened`` at a picture, where there is one."""
    from .figures.gallery import illustrate
    from .figures.rendering import to_drawing, to_svg
    from .page.document import render

    with _uncollected():
        write_text(output, render(record, (to_drawing(each, to_svg(each)) for each in illustrate(record)), opened=opened))


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles, which matplotlib makes by the hundred thousand: a tenth of the time of drawing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
