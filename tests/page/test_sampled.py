"""A set that is too large for a page: what the file holds of it, mistakes first, and that it says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import convscope
from convscope.analysis import sampling
from convscope.analysis.evidence import collect_evidence
from convscope.models.predictor import Predictor
from convscope.page.render import render
from convscope.runs.record import RunRecord

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import ready  # type: ignore[import-not-found]
from .test_results import choose, shown, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
Write = Callable[[str], str]


@pytest.fixture
def sampled_record(digits_run: convscope.Run, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    """The run, had the page room for some forty test images only."""
    images = digits_run.dataset.test.images
    per_image = sampling.TEST_BYTES / sampling.number_that_fits(images, sampling.TEST_BYTES)
    monkeypatch.setattr(sampling, "TEST_BYTES", int(40.5 * per_image))
    evidence = collect_evidence(digits_run.record, digits_run.dataset, Predictor(digits_run.folder / "model.onnx"))
    return replace(digits_run.record, evidence=evidence)


def test_the_page_of_a_sample_has_the_mistakes_first_and_says_how_many_of_each_cell_it_holds(
    browser: Browser, write_page: Write, sampled_record: RunRecord
) -> None:
    evaluation, evidence = sampled_record.evaluation, sampled_record.evidence
    assert evidence is not None
    held = evidence.test_indices
    labels, predictions = evaluation.labels, evaluation.predictions
    wrong = np.flatnonzero(labels != predictions)
    kept = np.intersect1d(wrong, held)
    assert 38 <= len(held) <= 40 < len(evaluation)
    assert len(kept) == min(len(wrong), int(40 * sampling.SHARE_OF_MISTAKES))
    with opened(browser, write_page(render(sampled_record, []))) as (page, troubles):
        ready(page)
        assert sorted(shown(page)) == kept.tolist()  # without a choice, the mistakes
        choose(page)
        assert shown(page) == held.tolist()
        for label in range(3):
            count = int(((labels == label) & (predictions == label)).sum())
            own = held[(labels[held] == label) & (predictions[held] == label)]
            cell = page.locator(f".cells td[data-truth='{label}'][data-predicted='{label}'] button")
            assert cell.text_content() == str(count)  # of all images, not of the sample
            cell.click()
            assert sorted(shown(page, "#good .wall")) == own.tolist()
            note = page.locator("#good .wall p.small").inner_text()
            assert note.startswith(f"This file has {len(own) or 'none'} of them.")
        page.evaluate("document.activeElement.blur()")
        page.locator("#pad-more-button").click()
        page.locator("#chooser-number").fill(str(held[-1] + 1))
        page.keyboard.press("Enter")
        until(page, f"document.getElementById('chooser-number').value === '{held[-1]}'")  # the nearest that is there
        page.locator("#chooser-mistake").click()
        assert int(page.locator("#chooser-number").input_value()) in kept
        assert "onfiden" not in (page.locator("#prediction-numbers").text_content() or "")
        assert troubles == []
