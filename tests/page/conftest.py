"""A real run, and variations of it made by hand."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.findings.find import find
from convscope.analysis.metrics import evaluation_metrics
from convscope.figures.figure import Drawing, to_drawing, to_svg
from convscope.figures.gallery import illustrate
from convscope.page.payload import make_payload
from convscope.page.render import render
from convscope.runs import files, store
from convscope.runs.evidence import ensure_evidence
from convscope.runs.record import RunRecord

HOSTILE = (
    "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "שלום", "👩‍🔬", "&amp;", "'; alert(3); '",
    "<!--", "a\u2028b", "$x$ {{ 7 * 7 }} {% raw %}", "]]>",
)  # fmt: skip


@pytest.fixture(scope="session")
def drawings(digits_record: RunRecord) -> list[Drawing]:
    return drawn(digits_record)


@pytest.fixture(scope="session")
def page_text(digits_run: convscope.Run) -> str:
    return (digits_run.folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="session")
def mnist_text(mnist_run: convscope.Run) -> str:
    return (mnist_run.folder / "report.html").read_text("utf-8")


@pytest.fixture
def page(digits_record: RunRecord) -> dict[str, Any]:
    """A payload that a test may change."""
    return deepcopy(make_payload(digits_record))


@pytest.fixture(scope="session")
def hostile_record(digits_record: RunRecord) -> RunRecord:
    """The run, had its classes been called by an attacker."""
    return with_class_names(digits_record, HOSTILE)


@pytest.fixture(scope="session")
def hostile_text(hostile_record: RunRecord) -> str:
    return render(hostile_record, drawn(hostile_record))


@pytest.fixture
def write_page(tmp_path: Path) -> Callable[[str], str]:
    """Puts a page on the disk and says where."""

    def write(text: str) -> str:
        path = tmp_path / "report.html"
        path.write_text(text, "utf-8")
        return path.as_uri()

    return write


def train_with_page(data: str | Path, out: Path, **arguments: Any) -> convscope.Run:
    """A run whose page has no drawings, which take most of the time, but all that is live."""
    run = convscope.train(data, out=out, report=False, **arguments)
    record = ensure_evidence(run.record, out, run.dataset)
    assert record.evidence is not None
    store.save_evidence(record.evidence, out)
    (out / files.REPORT).write_text(render(record, []), "utf-8")
    return convscope.load_run(out)


def drawn(record: RunRecord) -> list[Drawing]:
    return [to_drawing(each, to_svg(each)) for each in illustrate(record)]


def with_class_names(record: RunRecord, names: tuple[str, ...]) -> RunRecord:
    """Every place in which a class name stands, renamed."""
    evaluation = Evaluation(record.evaluation.labels, record.evaluation.logits, names)
    metrics = {**record.metrics, "test": evaluation_metrics(evaluation)}
    metrics["findings"] = [asdict(finding) for finding in find(metrics, model_name=record.request["model"])]
    request = {
        **record.request,
        "dataset": {**record.request["dataset"], "name": names[0], "content": "images", "class_names": list(names)},
    }
    return replace(record, request=request, metrics=metrics, evaluation=evaluation)
