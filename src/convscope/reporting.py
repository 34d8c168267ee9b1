"""From a run's record to its figures and its page: what ``train`` does at its end, and ``report`` at any time."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import archive, ledger, runs
from .analysis.gathering import gather_evidence
from .analysis.mistakes import explain_mistakes, mistakes_metrics
from .analysis.record import RunRecord
from .analysis.recording import with_metrics
from .data.dataset import Dataset
from .data.load import load_dataset
from .data.reading import ReadOptions
from .errors import ConvscopeError, DatasetError
from .files import make_folder, write_bytes, write_text
from .models.predictor import Predictor

if TYPE_CHECKING:
    from .drawing import SecondProcess
    from .figures.illustration import Drawing
    from .page.payload import OpenedPicture

ONNX_MODEL, PAGE = "model.onnx", "report.html"
MISTAKES = "mistakes"
"""The key in the metrics."""


def with_evidence(record: RunRecord, folder: Path, dataset: Dataset | None, *, verb: str = "report") -> RunRecord:
    """``record`` with its evidence: that of the folder, or gathered now, from ``dataset`` or where the run says it was; and
    with what the evidence tells of its mistakes. ``verb``: for the ledger, if the test split is read.

    Where the data are not there any more, without it, and with the reason.
    """
    if record.evidence is None:
        try:
            dataset = dataset or same_dataset(record.request["dataset"])
        except ConvscopeError as error:
            return replace(record, evidence_missing=str(error))
        entries = ledger.Ledger(folder, verb, dataset.name, dataset.fingerprint, len(dataset.test))
        evidence = gather_evidence(record, dataset, Predictor(folder / ONNX_MODEL), before_reading=entries.enter)
        record = replace(record, evidence=evidence, readings=ledger.read(folder))
    if MISTAKES in record.metrics:
        return record
    explained = explain_mistakes(record, Predictor(folder / ONNX_MODEL), saliency=False)
    return with_metrics(record, **{MISTAKES: mistakes_metrics(explained, record.evaluation.errors)})


def write_report(record: RunRecord, folder: Path, second: SecondProcess | None = None) -> Path:
    """The evidence, if the folder has none yet; the figures, each as PNG and SVG; and the page that they are embedded in.

    ``second``: a process that draws some of the figures already; without one every other figure is given to a new one.
    """
    from . import drawing
    from .page.document import render

    if record.evidence is not None and not (folder / archive.EVIDENCE).is_file():
        archive.save_evidence(record.evidence, folder)
    _keep_mistakes(record, folder)
    record = replace(record, readings=ledger.read(folder))
    figures = folder / "figures"
    make_folder(figures)
    with _uncollected(), second or drawing.SecondProcess(folder, drawing.EVERY_OTHER) as second:

        def drawn() -> Iterator[Drawing]:
            for each in drawing.draw_all(record, second):
                write_text(figures / f"{each.drawing.name}.svg", each.svg)
                write_bytes(figures / f"{each.drawing.name}.png", each.png)
                yield each.drawing

        write_text(folder / PAGE, render(record, drawn()))
    return folder / PAGE


def _keep_mistakes(record: RunRecord, folder: Path) -> None:
    """Put what is known of the mistakes into ``metrics.json``, beside what others may have put there meanwhile."""
    stored = runs.read_json(folder / archive.METRICS)
    if MISTAKES in record.metrics and MISTAKES not in stored:
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


def same_dataset(known: Mapping[str, Any]) -> Dataset:
    """The dataset that a run was trained on, read again. Raises :class:`DatasetError` where there is none or another."""
    dataset = load_dataset(known["source"], ReadOptions.from_dict(known.get("reading") or {}))
    if dataset.fingerprint != known["fingerprint"]:
        raise DatasetError(
            f"what {known['source']!r} names now is not what the network was trained on; the same images and labels were "
            "expected. Bring them back, or train again."
        )
    return dataset
