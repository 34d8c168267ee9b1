"""The page in a real Chromium, from a file, offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from convscope.figures.figure import Drawing
from convscope.page.payload import make_payload
from convscope.runs.record import RunRecord

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]


TABS: dict[str, Page] = {}
"""Tabs that no test uses now, by their options."""


@contextmanager
def opened(
    browser: Browser, address: str, *, width: int = 1280, height: int = 800, own_tab: bool = False, **options: Any
) -> Iterator[tuple[Page, list[str]]]:
    """A page, and everything that went wrong on it: messages, errors, dialogs, violations of its policy, requests.

    Its tab is one that passed tests have left, which spares a third of what it costs to open a page, or with ``own_tab`` a new one.
    """
    page = None if own_tab else TABS.pop(repr(options), None)
    page = page or browser.new_context(**options).new_page()
    page.set_viewport_size({"width": width, "height": height})
    troubles: list[str] = []
    listeners: dict[Any, Callable[[Any], object]] = {
        "console": lambda message: troubles.append(f"console: {message.text}"),
        "pageerror": lambda error: troubles.append(f"error: {error}"),
        "dialog": lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()),
        "request": lambda request: troubles.append(f"request: {request.url}") if is_foreign(request.url, address) else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        page.goto(address)
        yield page, troubles
    except BaseException:
        page.context.close()
        raise
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    if own_tab or len(page.context.pages) > 1 or repr(options) in TABS:
        page.context.close()
    else:
        empty(page)
        TABS[repr(options)] = page


def empty(page: Page) -> None:
    """Leave nothing of a test in its tab: the page, the pointer over it, its history, what it emulates and may."""
    page.goto("about:blank")
    page.mouse.move(0, 0)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.resetNavigationHistory")
    devtools.detach()
    page.emulate_media(media="null")
    page.context.clear_permissions()
    page.set_default_timeout(30_000)


def is_foreign(url: str, address: str) -> bool:
    return not url.startswith("data:") and url.split("#")[0] != address.split("#")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_opens_from_a_file_without_a_word_and_without_a_request(
    browser: Browser, write_page: Write, page_text: str, scheme: Any
) -> None:
    with opened(browser, write_page(page_text), color_scheme=scheme) as (page, troubles):
        page.wait_for_load_state("networkidle")
        assert troubles == []


def test_every_figure_is_visible(browser: Browser, write_page: Write, page_text: str, drawings: list[Drawing]) -> None:
    """Without scripts, that is: with them some give way to what is live."""
    with opened(browser, write_page(page_text), java_script_enabled=False) as (page, _):
        for drawing in drawings:
            figure = page.locator(f"[id='figure-{drawing.name}']")
            figure.scroll_into_view_if_needed()
            assert figure.is_visible(), drawing.name
            box = figure.locator("svg[role=img], table").first.bounding_box()
            assert box is not None
            assert box["width"] > 200, drawing.name
            assert box["height"] > 50, drawing.name


@pytest.mark.parametrize("widths", [(320, 360, 768), (1920, 1280)])
def test_the_page_never_scrolls_sideways(
    browser: Browser, write_page: Write, page_text: str, widths: tuple[int, ...]
) -> None:
    with opened(browser, write_page(page_text), width=widths[0]) as (page, _):
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, innerWidth]") == [True, width]


def test_long_class_names_do_not_break_the_phone(browser: Browser, write_page: Write, digits_record: RunRecord) -> None:
    from convscope.page.render import render

    from .conftest import drawn, with_class_names  # type: ignore[import-not-found]

    record = with_class_names(digits_record, tuple(f"{number}-" + "Donaudampfschiffahrt" * 4 for number in range(10)))
    with opened(browser, write_page(render(record, drawn(record))), width=360) as (page, troubles):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert troubles == []


def test_the_theme_changes_the_ground_and_lives_in_the_address(browser: Browser, write_page: Write, page_text: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, write_page(page_text), color_scheme="light") as (page, troubles):
        light = page.evaluate(ground)
        page.get_by_text("dark", exact=True).click()
        dark = page.evaluate(ground)
        assert dark != light
        assert page.url.endswith("#theme=dark")
        page.reload()
        assert page.evaluate(ground) == dark
        page.get_by_text("auto", exact=True).click()
        assert page.evaluate(ground) == light
        assert "#" not in page.url
        assert troubles == []


def test_links_within_the_page_keep_the_theme_and_a_shared_place_is_found(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    address = write_page(page_text)
    with opened(browser, f"{address}#theme=dark") as (page, _):
        page.locator(".findings summary").click()
        page.locator(".findings a").first.click()
        page.wait_for_url("**/*&theme=dark")
        target = page.url.split("#")[1].split("&")[0]
        shared = page.url
    with opened(browser, shared) as (page, _):
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        sync_api.expect(page.locator(f"[id='{target}']")).to_be_in_viewport()


def test_the_dark_page_is_dark_before_anything_is_painted(browser: Browser, write_page: Write, page_text: str) -> None:
    assert page_text.index("<script>") < page_text.index("<body>")
    with opened(browser, f"{write_page(page_text)}#theme=dark", color_scheme="light") as (page, _):
        page.wait_for_selector("html[data-theme=dark]", state="attached")


def test_everything_is_readable_without_scripts(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), java_script_enabled=False) as (page, _):
        assert page.locator("h1").is_visible()
        assert page.locator("figure:not(#printed-image, [hidden])").count() == page.locator("figure:visible").count()
        assert page.locator("main > section").count() == page.locator("main > section:visible").count()
        assert not page.locator("#theme").is_visible()
        page.locator("details.words summary").first.click()
        assert page.locator("details.words p").first.is_visible()
        page.locator(".ask:visible").first.click()
        assert page.locator("[popover]:popover-open").count() == 1


def test_an_explanation_opens_and_closes_by_keyboard(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, _):
        page.locator(".ask").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("[popover]:popover-open").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("[popover]:popover-open").count() == 0


def test_the_contents_mark_where_the_reader_is(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, _):
        for section in ("good", "verdict"):
            page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
            page.wait_for_selector(f"#contents a[href='#{section}'][aria-current]", state="attached")
            assert page.locator("#contents [aria-current]").count() == 1


def test_the_scores_can_be_sorted(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, _):
        cells = "[...document.querySelectorAll('[data-sortable] tbody tr')].map((row) => Number(row.cells[2].dataset.key))"
        button = page.locator("[data-sortable] th").nth(2).locator("button.sort")
        page.locator("details:has([data-sortable]) > summary").first.click()
        button.click()
        assert page.evaluate(cells) == sorted(page.evaluate(cells))
        button.click()
        assert page.evaluate(cells) == sorted(page.evaluate(cells), reverse=True)
        assert page.locator("[aria-sort]").count() == 1


def test_the_skip_link_leads_to_the_report(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_hostile_class_names_do_nothing(
    browser: Browser, write_page: Write, hostile_record: RunRecord, hostile_text: str, page_text: str
) -> None:
    with opened(browser, write_page(hostile_text)) as (page, troubles):
        page.wait_for_load_state("networkidle")
        assert troubles == []
        assert page.locator("script").count() == page_text.count("<script")
        assert page.locator("img").count() == 0
        payload = json.loads(page.locator("#payload").text_content() or "")
        assert payload == make_payload(hostile_record)


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, write_page: Write, page_text: str) -> None:
    text = page_text.replace("</footer>", "</footer><script>document.title = 'broken into'</script>")
    with opened(browser, write_page(text)) as (page, troubles):
        assert page.title() != "broken into"
        assert any("Content Security Policy" in trouble for trouble in troubles)


def test_paper_is_white_even_from_a_dark_page(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#theme=dark") as (page, _):
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("#contents").is_visible()
