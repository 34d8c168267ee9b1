"""The page without a pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from convscope.runs.record import RunRecord

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import answer, ready, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

MAX_STOPS = 300
FOCUSED = """(place) => {
  const focused = document.activeElement;
  const {top, bottom, width} = focused.getBoundingClientRect();
  const isMarked = focused.matches(":focus-visible") && (getComputedStyle(focused).outlineStyle !== "none" || focused.id === "pad");
  return [focused.matches(place), isMarked && width > 0 && bottom > 0 && top < innerHeight, focused.outerHTML.slice(0, 200)];
}"""
"""Whether the focus is at a place; whether one sees where it is; and where that is."""


def tab_to(page: Page, place: str) -> int:
    """Presses Tab until the focus is there; every stop on the way has to be seen. Returns how many there were."""
    for stop in range(1, MAX_STOPS):
        page.keyboard.press("Tab")
        is_there, is_seen, what = page.evaluate(FOCUSED, place)
        assert is_seen, what
        if is_there:
            return stop
    raise AssertionError(f"{place} is no stop of the Tab key")


def test_tab_arrows_and_enter_lead_from_the_pad_over_a_cell_and_a_mistake_to_the_arithmetic_of_a_unit(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        tab_to(page, "#pad")
        for key in ("Space", *["ArrowDown"] * 12, "Space"):
            page.keyboard.press(key)
        assert answer(page) != ""
        tab_to(page, ".cells button")
        true, predicted = (evaluation.labels[evaluation.mistakes[0]], evaluation.predictions[evaluation.mistakes[0]])
        where = "(({truth, predicted}) => [Number(truth), Number(predicted)])(document.activeElement.parentElement.dataset)"
        at = page.evaluate(where)
        for here, there, less, more in (
            (at[0], true, "ArrowUp", "ArrowDown"),
            (at[1], predicted, "ArrowLeft", "ArrowRight"),
        ):
            for _ in range(abs(there - here)):
                page.keyboard.press(more if there > here else less)
        assert page.evaluate(where) == [true, predicted]
        page.keyboard.press("Enter")
        tab_to(page, ".tile")
        page.keyboard.press("Enter")
        rows = np.flatnonzero((evaluation.labels == true) & (evaluation.predictions == predicted))
        name = page.evaluate("document.activeElement.dataset.name")
        assert name in {f"test-{row}" for row in rows}
        until(page, f"location.hash.includes('image={name}')")
        assert answer(page) == evaluation.class_names[predicted]
        page.evaluate("location.hash += '&layer=conv2d'")
        page.wait_for_selector("#inside-panel:not([hidden])")
        until(page, "document.activeElement.classList.contains('channel-tile')")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        until(page, "document.activeElement.className === 'unit-cell'")
        assert page.evaluate("document.activeElement.className") == "unit-cell"
        before = page.locator("#unit-value").get_attribute("data-value")
        page.keyboard.press("PageDown")
        until(page, f"document.getElementById('unit-value').dataset.value !== '{before}'")
        assert page.locator("#unit .arithmetic [data-term=after]").is_visible()
        assert troubles == []


def test_pad_chooser_sliders_and_keys_work_from_the_keyboard(browser: Browser, write_page: Write, mnist_text: str) -> None:
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "pad":
                break
        page.keyboard.press("Space")
        for _ in range(16):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        assert answer(page) == "1"
        page.keyboard.press("Backspace")
        assert page.locator("#chooser-number").input_value() == "0"
        page.keyboard.press("Delete")
        assert answer(page) == ""
        page.locator("#pad-more-button").focus()
        page.keyboard.press("Enter")
        page.locator("#chooser-next").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        assert page.locator("#chooser-number").input_value() in {"1", "2"}
        page.locator("#chooser-number").fill("77")
        page.keyboard.press("Enter")
        assert page.evaluate("convscope.answer()") == str(page.locator("#prediction-class").text_content())
        page.keyboard.press("Escape")
        page.locator("#playground-bench > summary").focus()
        page.keyboard.press("Enter")
        page.locator("#slider-turn").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#sliders-reset:enabled")
        page.keyboard.press("Escape")
        until(page, "document.getElementById('slider-turn').value === '0'")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#keys").is_visible()
        assert troubles == []


def test_the_story_is_at_most_25_tab_stops_away(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, _):
        ready(page)
        assert tab_to(page, "#findings summary") <= 25


@pytest.mark.parametrize("group", ["#thumbnails", "#layer-list", "#prediction-bars ul"])
def test_the_arrow_keys_move_within_a_group_that_is_one_tab_stop(
    browser: Browser, write_page: Write, page_text: str, group: str
) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, _):
        ready(page)
        buttons = page.locator(f"{group} li:visible button" if "bars" in group else f"{group} button")
        assert page.locator(f"{group} [tabindex='0']").count() == 1
        buttons.first.focus()
        page.keyboard.press("End")
        assert buttons.last.evaluate("(button) => button === document.activeElement")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        assert buttons.nth(1).evaluate("(button) => button === document.activeElement")
        assert page.locator(f"{group} [tabindex='0']").count() == 1
        assert "image=" not in page.url
