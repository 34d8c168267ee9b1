"""The first screen stands still: what changes in it moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .test_live import opened, ready  # type: ignore[import-not-found]
from .test_navigation import RESTED  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

PLACES = """() => Object.fromEntries(
  ["#pad", ".tools", "#thumbnails", "#prediction-bars li", "#layer-strip", ".epoch-control", "#playground-bench"].map((part) => [
    part, [...document.querySelectorAll(part)].map((each) => {
      const {left, top, width, height} = each.getBoundingClientRect();
      return [left + scrollX, top + scrollY, width, height];
    }),
  ]))"""
"""Where the parts of the first screen are, in pixels of the page."""


def moved(page: Page, before: dict[str, list[list[float]]]) -> dict[str, object]:
    page.evaluate(RESTED)
    now = page.evaluate(PLACES)
    return {
        part: (old, now[part])
        for part, old in before.items()
        if len(old) != len(now[part])
        or any(abs(a - b) > 1 for one, other in zip(old, now[part], strict=True) for a, b in zip(one, other, strict=True))
    }


@pytest.mark.rows(2)
@pytest.mark.parametrize(("width", "height"), [(1366, 625), (1366, 768), (390, 844), (1920, 1080)])
def test_images_epochs_an_empty_pad_and_a_question_move_nothing(
    browser: Browser, write_page: Write, page_text: str, width: int, height: int
) -> None:
    with opened(browser, write_page(page_text), width=width, height=height) as (page, troubles):
        ready(page)
        page.evaluate(RESTED)
        before = page.evaluate(PLACES)
        assert all(before.values())
        for place in range(page.locator("#thumbnails button").count()):
            page.locator("#thumbnails button").nth(place).click()
            assert moved(page, before) == {}, place
        page.evaluate("convscope.clear()")
        assert moved(page, before) == {}
        page.evaluate("location.hash = '#image=test-0&epoch=1'")
        assert moved(page, before) == {}
        page.evaluate("location.hash = '#image=test-0'")
        page.locator("#prediction-bars button").nth(3).click()
        page.wait_for_selector("#pad-attribution-controls:visible")
        assert moved(page, before) == {}
        assert troubles == []


@pytest.mark.parametrize(("width", "height"), [(1366, 625), (390, 844)])
def test_the_question_covers_neither_the_pad_nor_the_class(
    browser: Browser, write_page: Write, page_text: str, width: int, height: int
) -> None:
    with opened(browser, write_page(page_text), width=width, height=height) as (page, _):
        ready(page)
        page.locator("#prediction-bars button").nth(3).click()
        page.wait_for_selector("#pad-attribution-controls:visible")
        page.evaluate(RESTED)
        controls = page.locator("#pad-attribution-controls").bounding_box()
        assert controls is not None
        for part in ("#pad", "#prediction-class", "#prediction-bars button >> nth=3"):
            box = page.locator(part).bounding_box()
            assert box is not None
            apart = (
                box["x"] >= controls["x"] + controls["width"] - 1
                or box["x"] + box["width"] <= controls["x"] + 1
                or box["y"] >= controls["y"] + controls["height"] - 1
                or box["y"] + box["height"] <= controls["y"] + 1
            )
            assert apart, part


def test_the_present_mode_says_how_to_leave_and_escape_leaves(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), width=1366, height=768) as (page, _):
        ready(page)
        button = page.locator("#present-button")
        before = button.text_content()
        small = page.locator("#pad").bounding_box()
        button.click()
        page.wait_for_timeout(300)
        large = page.locator("#pad").bounding_box()
        assert "Esc" in (button.text_content() or "")
        assert button.is_visible()
        assert small is not None
        assert large is not None
        assert large["width"] > 1.3 * small["width"]
        assert not page.locator("#good").is_visible()
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        assert button.text_content() == before
        assert page.locator("#pad").bounding_box() == small


def test_a_question_closes_with_its_layer_and_play_keeps_the_address(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#layer=conv2d&unit=3.4.1", width=390, height=844) as (page, _):
        ready(page)
        page.wait_for_selector("#inside-panel:visible")
        page.evaluate(RESTED)
        panel = page.locator("#inside-panel").bounding_box()
        assert panel is not None
        assert panel["y"] < 844 / 2
        address = page.evaluate("location.hash")
        page.locator("#inside-panel button.play:visible").first.click()
        page.wait_for_timeout(900)
        assert page.evaluate("location.hash") == address
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)
        assert not page.locator("#inside-panel").is_visible()
        assert page.locator(".kernel-question:visible").count() == 0
