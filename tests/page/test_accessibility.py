"""axe-core finds nothing against WCAG 2.2 AA on the page, size of targets included, and nothing else that is serious: in either
theme, on a wide screen and on phones; of every part, once it has been seen and drawn, with a unit and an image open; and of the
list of keys."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from .test_any_model import see_everything  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SERIOUS = ("serious", "critical")
OPEN = "image=test-1&layer=conv2d_1&unit=1.1.5&target=3"
MAX_TAB_STOPS = 25
"""From the top of the page to the contents of the story, which follow the stage."""
IN_THE_STAGE = "!document.activeElement.closest('.columns')"


@pytest.fixture(scope="session")
def axe() -> str:
    try:
        return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        missing = pytest.fail if os.environ.get("CONVSCOPE_REQUIRE_BROWSER") == "1" else pytest.skip
        missing("axe-core is not in this environment")


@pytest.mark.rows(1)
@pytest.mark.parametrize("width", [1366, 390, 320])
def test_axe_finds_nothing_in_either_theme(
    width: int, page_text: str, browser: Browser, write_page: Callable[[str], str], axe: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page.goto(f"{write_page(page_text)}#theme=light&{OPEN}")
    page.wait_for_selector("html[data-ready=true]")
    for fold in page.locator("main details").all():
        fold.evaluate("(each) => { each.open = true; }")
    see_everything(page)
    page.wait_for_selector("#pad-attribution-controls[data-done]", state="attached")
    page.evaluate(axe)
    found = {"light": violations(page, "document")}
    page.get_by_text("dark", exact=True).click()
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    see_everything(page)
    page.wait_for_selector("#pad-attribution-controls[data-done]", state="attached")
    found["dark"] = violations(page, "document")
    for theme in ("dark", "light"):
        page.get_by_text(theme, exact=True).click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.wait_for_selector("#keys[open]")
        found[f"keys, {theme}"] = violations(page, "document.getElementById('keys')")
        page.keyboard.press("Escape")
    page.close()
    assert {part: faults for part, faults in found.items() if faults} == {}


def test_few_tab_stops_lead_through_the_stage(page_text: str, browser: Browser, write_page: Callable[[str], str]) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 625}, reduced_motion="reduce")
    page.goto(write_page(page_text))
    page.wait_for_selector("html[data-ready=true]")
    stops: list[str] = []
    for _ in range(100):
        page.keyboard.press("Tab")
        if not page.evaluate(IN_THE_STAGE):
            break
        stops.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    page.close()
    assert 5 <= len(stops) <= MAX_TAB_STOPS, stops


def violations(page: Page, part: str) -> list[str]:
    """What axe finds there, in sentences."""
    options = "{resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}"
    result = page.evaluate(f"() => axe.run({part}, {options})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SERIOUS or any(tag.startswith("wcag") for tag in violation["tags"])
        for node in violation["nodes"]
    ]
