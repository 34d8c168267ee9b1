"""The story: what follows the epoch, what is folded, and what a link or the printer unfolds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import convscope
from convscope.runs.record import RunRecord

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import ready, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser


pytestmark = pytest.mark.slow
Write = Callable[[str], str]


def test_pictures_beside_the_curves_follow_the_epoch_and_lead_to_what_they_show(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        page.locator(".linked-pictures").scroll_into_view_if_needed()
        until(page, "/errors? after epoch/.test(document.querySelector('.linked-pictures').textContent)")
        assert page.locator(".linked").count() == 2
        drawn = "['canvas', '.epoch-mark'].map((part) => document.querySelector(`.linked ${part}`))"
        drawn = f"{drawn}.map((part) => part.toDataURL?.() ?? part.innerHTML)"
        until(page, "document.querySelector('.linked .epoch-mark')")
        last = page.evaluate(drawn)
        page.evaluate("() => { location.hash = 'epoch=1'; }")
        until(page, "document.querySelector('.linked p').textContent.endsWith('after epoch 1')")
        assert all(now != then for now, then in zip(page.evaluate(drawn), last, strict=True))
        assert page.locator(".linked .readout").inner_text().startswith("Epoch 1 ")
        page.locator(".linked a").click()
        until(page, "location.hash.startsWith('#figure-confusion_matrix')")
        assert troubles == []


def test_a_link_opens_what_is_folded_around_its_target(browser: Browser, write_page: Write, page_text: str) -> None:
    address = write_page(page_text)
    with opened(browser, f"{address}#words&theme=dark") as (page, _):
        assert page.locator("#words").get_attribute("open") is not None
    with opened(browser, address) as (page, troubles):
        ready(page)
        assert page.locator("details.fold[open]").count() == 0
        inside = page.locator("details.fold .facts").first
        inside.evaluate("(node) => { node.id = 'folded'; }")
        page.evaluate("() => { location.hash = 'folded'; }")
        until(page, "document.getElementById('folded').closest('details').open")
        page.locator("#contents a[href='#words']").click()
        assert page.locator(".glossary").is_visible()
        assert troubles == []


def test_the_printer_unfolds_everything_and_folds_it_again(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, _):
        ready(page)
        page.locator("details.fold summary").first.click()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.fold:not([open])").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.fold[open]").count() == 1


def test_the_glossary_can_be_searched(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#words") as (page, _):
        ready(page)
        count = page.locator(".glossary > div:visible").count()
        page.locator("#find-term").fill("softMAX")
        shown = page.locator(".glossary > div:visible")
        assert 0 < shown.count() < count
        assert all("softmax" in text.lower() for text in shown.all_inner_texts())


def test_the_first_image_is_read_by_pointer_and_keys_and_shows_its_numbers_when_enlarged(
    browser: Browser, write_page: Write, mnist_text: str, mnist_run: convscope.Run
) -> None:
    pixels = mnist_run.record.examples.first_image[0, :, :, 0]
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        canvas, readout = page.locator(".pixel-reader canvas"), page.locator("#pixel-readout")
        canvas.scroll_into_view_if_needed()
        cell = canvas.evaluate("(canvas) => canvas.clientWidth") / pixels.shape[1]
        canvas.hover(position={"x": 2.5 * cell, "y": 3.5 * cell})
        assert readout.inner_text() == f"{pixels[3, 2]} in row 3, column 2, counted from 0"
        canvas.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        assert readout.inner_text() == f"{pixels[4, 3]} in row 4, column 3, counted from 0"
        picture = "(canvas) => canvas.toDataURL().length"
        without = canvas.evaluate(picture)
        page.keyboard.press("+")
        assert canvas.evaluate(picture) > 2 * without  # the numbers are written into fewer pixels
        assert troubles == []


def test_samples_open_in_the_stage_and_classes_lead_to_their_images(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        wall = page.locator(".sample-wall")
        assert wall.locator("tbody tr").count() == 10
        assert wall.locator("[tabindex='0']").count() == 1
        wall.locator("[tabindex='0']").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        until(page, "location.hash.includes('image=train-')")
        assert wall.locator("[tabindex='0']").count() == 1
        assert wall.locator("th button.link").count() == 10
        assert troubles == []


def test_the_blocks_of_the_diagram_open_their_layers(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        blocks = page.locator(".layer-link")
        names = [layer.name for layer in digits_record.network.layers]
        assert [f"Open {name} in the network" for name in names] == blocks.evaluate_all(
            "(all) => all.map((block) => block.getAttribute('aria-label'))"
        )
        blocks.nth(2).focus()
        page.keyboard.press("Enter")
        until(page, f"location.hash.includes('layer={names[2]}')")
        assert troubles == []
