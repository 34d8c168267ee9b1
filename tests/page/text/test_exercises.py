"""Things to try: each can be done in this very run, and the page notices it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from convscope.page.payload import make_payload
from convscope.page.text.exercises import exercises
from convscope.runs.record import RunRecord

from ..test_browser import opened  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_each_can_be_done_in_this_run(digits_record: RunRecord) -> None:
    evaluation, evidence = digits_record.evaluation, digits_record.evidence
    assert evidence is not None
    assert evidence.epoch_snapshots is not None
    assert evidence.epoch_snapshots.predictions is not None
    made = {each.kind: each for each in exercises(digits_record, make_payload(digits_record))}
    assert set(made) >= {"draw", "surest"}
    pair = digits_record.metrics["test"]["confused_pairs"][0]
    names = evaluation.class_names
    assert (names[made["draw"].label], names[made["draw"].answer]) == (pair["true"], pair["predicted"])
    assert (
        made["draw"].text == f"Draw until the prediction is {pair['true']}, then add strokes until it is {pair['predicted']}"
    )
    surest = made["surest"].image
    assert evaluation.predictions[surest] != evaluation.labels[surest]
    assert evaluation.confidence[surest] == evaluation.confidence[evaluation.mistakes].max()
    if back := made.get("back"):
        assert evaluation.predictions[back.image] != evaluation.labels[back.image] == back.label
        assert back.label in evidence.epoch_snapshots.predictions[:-1, back.image]


def test_without_images_there_is_nothing_to_try(digits_record: RunRecord) -> None:
    assert make_payload(replace(digits_record, evidence=None))["exercises"] == []


def test_what_cannot_be_drawn_is_made_by_the_sliders(digits_record: RunRecord) -> None:
    page = make_payload(digits_record)
    page["dataset"] = {**page["dataset"], "content": "images"}
    made = exercises(digits_record, page)[0]
    assert made.kind == "turn"
    assert "that is predicted correctly, then transform it until" in made.text


@pytest.mark.slow
def test_what_is_done_is_ticked_off_and_stays_so(
    browser: Browser, write_page: Callable[[str], str], page_text: str, digits_record: RunRecord
) -> None:
    made = exercises(digits_record, make_payload(digits_record))
    place = [each.kind for each in made].index("surest")
    other = 1 if made[place].image == 0 else 0
    with opened(browser, f"{write_page(page_text)}#image=test-{other}") as (page, troubles):
        page.wait_for_selector("html[data-ready=true]", state="attached")
        item = page.locator(f"[data-exercise='{place}']")
        assert item.locator(".outcome").inner_text() == ""
        page.evaluate(f"location.hash = 'image=test-{made[place].image}'")
        page.wait_for_selector(f"[data-exercise='{place}'].is-done")
        page.evaluate(f"location.hash = 'image=test-{other}'")
        assert item.locator(".outcome").inner_text() == "✓ Done"
        assert troubles == []
