"""What the page saves and copies: read back with the tools that a reader would use."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import convscope

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import ready, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(browser: Browser, mnist_run: convscope.Run) -> Iterator[Page]:
    """One for all: saving and copying change nothing on it."""
    with opened(browser, (mnist_run.folder / "report.html").as_uri()) as (page, troubles):
        ready(page)
        yield page
        assert troubles == []


def saved(page: Page, what: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f"[data-take={what}]").click()
    return Path(download.value.path()).read_bytes()


def test_saved_weights_are_those_of_the_run(page: Page, mnist_run: convscope.Run) -> None:
    arrays = np.load(io.BytesIO(saved(page, "weights")))
    weights = mnist_run.record.network.weight_arrays()
    assert set(arrays) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_saved_predictions_are_those_of_the_run(page: Page, mnist_run: convscope.Run) -> None:
    rows = list(csv.DictReader(io.StringIO(saved(page, "predictions").decode())))
    evaluation, names = mnist_run.record.calibrated, mnist_run.record.request["dataset"]["class_names"]
    indices = [int(row["index"]) for row in rows]
    assert [names.index(row["predicted"]) for row in rows] == evaluation.predictions[indices].tolist()
    assert [names.index(row["label"]) for row in rows] == evaluation.labels[indices].tolist()
    np.testing.assert_allclose([float(row["confidence"]) for row in rows], evaluation.confidence[indices], rtol=1e-6)
    assert len(rows) == len(evaluation.labels)


def test_saved_history_and_metrics_are_those_of_the_run(page: Page, mnist_run: convscope.Run) -> None:
    epochs = list(csv.DictReader(io.StringIO(saved(page, "history").decode())))
    assert [float(row["val_loss"]) for row in epochs] == [epoch.val_loss for epoch in mnist_run.record.history]
    assert json.loads(saved(page, "metrics"))["test"]["accuracy"] == mnist_run.record.metrics["test"]["accuracy"]


def test_a_figure_becomes_a_picture(page: Page) -> None:
    page.locator("#take-figure").select_option("figure-model_diagram")
    drawing = saved(page, "figure").decode()
    assert ET.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in drawing
    assert "conv2d" in drawing


def test_command_code_and_address_are_copied_or_else_selected(page: Page) -> None:
    command = page.locator("#command").text_content()
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }; }")
    page.locator("[data-copy=command]").click()
    until(page, "document.getElementById('taken').textContent === 'Copied.'")
    assert page.evaluate("copied") == command
    page.evaluate("() => { location.hash = 'image=test-7'; }")
    page.wait_for_timeout(400)
    page.locator("#copy-address").click()
    until(page, "copied.includes('image=test-7')")
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }; }")
    page.locator("[data-copy=python]").click()
    until(page, "document.getElementById('taken').textContent.startsWith('Selected')")
    assert page.evaluate("String(getSelection())").strip() == page.locator("#python").inner_text().strip()
