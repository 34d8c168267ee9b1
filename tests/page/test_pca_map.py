"""The map of test images in a real Chromium: where points lie, what opens them, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convscope.analysis.pca_map import PCAMap
from convscope.formatting import percent
from convscope.page.render import render
from convscope.runs.record import RunRecord

from .conftest import with_class_names  # type: ignore[import-not-found]
from .test_results import results, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]
MAP, OPEN, TILE = "#figure-pca_map .pca-map", "#figure-pca_map .open-point", "#figure-pca_map .tile"
OPENED = "document.querySelector('#open-bar .open-name').textContent"


def pca_map(record: RunRecord) -> PCAMap:
    assert record.evidence is not None
    assert record.evidence.pca_map is not None
    return record.evidence.pca_map


def dots(page: Page, label: int) -> list[tuple[float, float]]:
    """The points of a class in the drawing, in the order of the test split."""
    path = page.locator(f"{MAP} .points[data-kind='{label}']").get_attribute("d") or ""
    return [(float(x), float(y)) for x, y in (each.removesuffix("h0").split(" ") for each in path.split("M")[1:])]


def mark(page: Page) -> tuple[float, float]:
    x, y = (page.locator(OPEN).get_attribute("transform") or "").removeprefix("translate(").removesuffix(")").split()
    return float(x), float(y)


def go_to_map(page: Page) -> None:
    page.evaluate("document.querySelector('#figure-pca_map').scrollIntoView({block: 'center', behavior: 'instant'})")
    until(page, f"document.querySelector('{OPEN}').hasAttribute('data-on')")


def test_points_lie_where_python_places_them_and_the_open_image_among_them(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    found, labels = pca_map(digits_record), digits_record.evaluation.labels
    with results(browser, write_page(page_text)) as (page, troubles):
        go_to_map(page)
        drawn = np.zeros((len(labels), 2))
        for label in range(10):
            drawn[labels == label] = dots(page, label)
        # One scale for both, and up is more.
        scale, _ = np.polyfit(found.coordinates[:, 0], drawn[:, 0], 1)
        expected = [scale, -scale] * (found.coordinates - found.coordinates[0])
        np.testing.assert_allclose(drawn - drawn[0], expected, atol=0.2)
        for index in (0, 7, 100):
            page.evaluate(f"location.hash = '#image=test-{index}'")
            until(page, f"document.querySelector('{OPEN} text').textContent === 'Test image {index}'")
            np.testing.assert_allclose(mark(page), drawn[index], atol=0.3)
        assert (
            page.locator(f"{MAP} .errors path:last-child").evaluate_all(
                "(paths) => paths.reduce((sum, path) => sum + path.getAttribute('d').split('M').length - 1, 0)"
            )
            == digits_record.evaluation.errors
        )
        assert troubles == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_name_of_a_class_covers_another(
    browser: Browser, write_page: Write, digits_record: RunRecord, width: int
) -> None:
    record = with_class_names(digits_record, tuple(f"class {number}" for number in range(10)))
    with results(browser, write_page(render(record, [])), width=width) as (page, _):
        boxes = page.locator(f"{MAP} .class-name").evaluate_all(
            """(names) => names.map((name) => name.getBoundingClientRect()).map(({left, right, top, bottom}) =>
                [left, right, top + 3, bottom - 3])"""
        )
        assert len(boxes) == 10
        for place, (left, right, top, bottom) in enumerate(boxes):
            assert not any(left < box[1] and box[0] < right and top < box[3] and box[2] < bottom for box in boxes[:place])


def test_a_click_and_the_keys_open_images(browser: Browser, write_page: Write, page_text: str) -> None:
    with results(browser, write_page(page_text)) as (page, troubles):
        go_to_map(page)
        x, y = dots(page, 3)[5]
        drawing = page.locator(f"{MAP} svg")
        scale = drawing.evaluate("(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")
        drawing.click(position={"x": x * scale, "y": y * scale})
        name = page.locator(TILE).get_attribute("data-name") or ""
        until(page, f"{OPENED} === 'Test image {name[5:]}'")
        page.locator(MAP).focus()
        before = float(page.locator(f"{MAP} .pointed").get_attribute("cx") or "nan")
        page.keyboard.press("ArrowRight")
        assert float(page.locator(f"{MAP} .pointed").get_attribute("cx") or "nan") > before
        next_name = page.locator(TILE).get_attribute("data-name") or ""
        assert next_name != name
        assert next_name[5:] in (page.locator("#figure-pca_map [aria-live]").text_content() or "")
        page.keyboard.press("Enter")
        until(page, f"{OPENED} === 'Test image {next_name[5:]}'")
        assert troubles == []


def test_a_class_that_is_switched_off_cannot_be_pointed_at(browser: Browser, write_page: Write, page_text: str) -> None:
    with results(browser, write_page(page_text)) as (page, troubles):
        go_to_map(page)
        legend = page.locator("#figure-pca_map .map-legend button")
        for label in range(1, 10):
            legend.nth(label).click()
        assert legend.evaluate_all("(all) => all.filter((each) => each.ariaPressed === 'true').length") == 1
        assert page.locator(f"{MAP} .points:not([data-off])").get_attribute("data-kind") == "0"
        page.locator(MAP).focus()
        for key in ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"):
            page.keyboard.press(key)
        assert page.locator(TILE).get_attribute("data-truth") == "0"
        legend.nth(4).click()
        assert page.locator(f"{MAP} .points:not([data-off])").count() == 2
        legend.nth(4).hover()
        assert page.locator(f"{MAP}[data-lit] .points[data-highlight]").get_attribute("data-kind") == "4"
        assert troubles == []


def test_a_drawing_is_placed_while_it_is_drawn_and_no_earlier_network_places_anything(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with results(browser, write_page(page_text), height=3000) as (page, troubles):
        go_to_map(page)
        page.evaluate("document.querySelector('#pad').scrollIntoView({behavior: 'instant'})")
        box = page.locator("#pad").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
        page.mouse.down()
        seen = set()
        for step in range(1, 7):
            page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + (0.2 + 0.1 * step) * box["height"], steps=4)
            page.evaluate("document.querySelector('#figure-pca_map').scrollIntoView({block: 'center', behavior: 'instant'})")
            page.wait_for_timeout(100)
            seen.add(mark(page))
            page.evaluate("document.querySelector('#pad').scrollIntoView({behavior: 'instant'})")
        page.mouse.up()
        assert len(seen) > 2
        assert page.locator(f"{OPEN} text").text_content() == "Your drawing"
        page.locator(".epoch-control input").evaluate(
            "(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }"
        )
        page.evaluate("document.querySelector('#figure-pca_map').scrollIntoView({block: 'center', behavior: 'instant'})")
        until(page, f"!document.querySelector('{OPEN}').hasAttribute('data-on')")
        assert troubles == []


def test_the_words_say_how_much_of_the_variance_is_seen(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    found = pca_map(digits_record)
    with results(browser, write_page(page_text)) as (page, _):
        words = page.locator("#words-pca_map").inner_text()
        for share in found.explained_variance_ratio:
            assert f"{percent(float(share), 1)}" in words
        assert (
            percent(float(found.explained_variance_ratio.sum()), 1)
            in page.locator("#figure-pca_map figcaption").inner_text()
        )
        assert "Distance in the map is not distance in the network" in words


def test_pages_of_earlier_runs_have_no_map(browser: Browser, write_page: Write, digits_record: RunRecord) -> None:
    assert digits_record.evidence is not None
    earlier: Any = replace(digits_record, evidence=replace(digits_record.evidence, pca_map=None))
    with results(browser, write_page(render(earlier, []))) as (page, troubles):
        assert page.locator("#figure-pca_map").count() == 0
        assert page.locator(".gallery .tile").count()
        assert troubles == []
