"""The page on paper: at most nine sheets, with the result on the first and no part that can only be clicked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import STROKES, draw, ready  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

MAX_SHEETS = 9
ON_PAPER = ("h1", ".findings", "#figure-first_image_matrix", "#figure-model_diagram", "#figure-confusion_matrix",
            "[data-sortable]", "#figure-mistakes", "#figure-reliability", "#yourself pre", ".glossary")  # fmt: skip
ON_SCREEN_ONLY = "#playground, [data-live], #figure-samples, .files, #theme, .ask, input, select, canvas"


@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_the_report_takes_at_most_nine_sheets(
    browser: Browser, write_page: Callable[[str], str], page_text: str, size: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#theme=dark") as (page, troubles):
        ready(page)
        sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=size)))
        assert 6 <= sheets <= MAX_SHEETS
        page.emulate_media(media="print")
        for place in ON_PAPER:
            assert page.locator(place).first.is_visible(), place
        assert page.locator(ON_SCREEN_ONLY).locator("visible=true").count() == 0
        assert page.locator("#inside .static svg:visible").count() >= 2
        assert troubles == []


def test_the_whole_page_of_mnist_takes_at_most_nine_sheets_with_the_readers_drawing_on_the_first(
    browser: Browser, write_page: Callable[[str], str], mnist_text: str
) -> None:
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        draw(page, STROKES["7"])
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= MAX_SHEETS
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        printed = page.locator("#printed-image")
        assert printed.locator("img").is_visible()
        assert "predicted as" in printed.inner_text()
        assert troubles == []
