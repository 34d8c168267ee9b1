"""Evidence, figures and page of a run, for ``train`` and ``report``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..runs import ledger, opening, store
from ..runs.evidence import MISTAKES
from ..runs.files import EVIDENCE, FIGURES, REPORT
from ..runs.metrics_form import read_metrics
from ..runs.record import RunRecord, with_metrics
from ..runs.replacement import make_own_folder
from ..system.files import write_bytes, write_output, write_text
from ..system.isolation import garbage_collection_paused

if TYPE_CHECKING:
    from ..figures.figure import Drawing
    from ..figures.parallel import SecondProcess
    from .payload import OpenedPicture


def write_report(record: RunRecord, folder: Path, second: SecondProcess | None = None) -> Path:
    """Write figures and page of a run, and its evidence if the folder lacks it; return the path of the page.

    The caller locks ``folder``. ``second`` already draws some of the figures; by default a new process draws every other one.
    """
    from ..figures import parallel

    if record.evidence is not None and not opening.is_held(folder / EVIDENCE):
        store.save_evidence(record.evidence, folder)
    record = with_metrics(record)  # of a run of an earlier version, the findings in today's words
    _save_mistakes(record, folder)
    record = replace(record, readings=ledger.read(folder))
    figures = folder / FIGURES
    make_own_folder(figures)
    # Matplotlib makes hundreds of thousands of reference cycles; searching for them takes a tenth of the drawing time.
    with garbage_collection_paused(), second or parallel.SecondProcess(folder, parallel.EVERY_OTHER) as second:
        from .render import render  # imports matplotlib and Jinja, while the second process already draws

        def drawn() -> Iterator[Drawing]:
            for each in parallel.draw_all(record, second):
                write_text(figures / f"{each.drawing.name}.svg", each.svg)
                write_bytes(figures / f"{each.drawing.name}.png", each.png)
                yield each.drawing

        write_text(folder / REPORT, render(record, drawn()))
    return folder / REPORT


def _save_mistakes(record: RunRecord, folder: Path) -> None:
    """Write the mistakes into ``metrics.json``, and keep what other commands added there."""
    stored = read_metrics(folder)
    if MISTAKES in record.metrics and record.metrics[MISTAKES] != stored.get(MISTAKES):
        store.save_metrics({**stored, **{name: record.metrics[name] for name in (MISTAKES, "findings")}}, folder)


def write_page(record: RunRecord, output: Path, *, opened: OpenedPicture | None = None) -> None:
    """Write the page alone to ``output``, opened at the image file ``opened`` if one is given."""
    from ..figures.figure import to_drawing, to_svg
    from ..figures.gallery import illustrate
    from .render import render

    with garbage_collection_paused():
        write_output(output, render(record, (to_drawing(each, to_svg(each)) for each in illustrate(record)), opened=opened))
