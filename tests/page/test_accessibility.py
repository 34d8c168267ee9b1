"""axe-core finds nothing serious on the page, in either theme, on a wide screen and on a phone: of every part, once it has been
seen and drawn, with a unit open in it; and of the list of keys."""

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
OPEN = "image=test-1&layer=conv2d_1&unit=1.1.5"


@pytest.fixture(scope="session")
def axe() -> str:
    try:
        return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        missing = pytest.fail if os.environ.get("CONVSCOPE_REQUIRE_BROWSER") == "1" else pytest.skip
        missing("axe-core is not in this environment")


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_serious_is_found(
    width: int, page_text: str, browser: Browser, write_page: Callable[[str], str], axe: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page.goto(f"{write_page(page_text)}#theme=light&{OPEN}")
    page.wait_for_selector("html[data-ready=true]")
    see_everything(page)
    page.wait_for_selector("#class-attribution[data-done]", state="attached")
    assert page.locator("#unit .arithmetic [data-term]").count() > 0
    page.evaluate(axe)
    assert serious(page, "document") == []
    page.get_by_text("dark", exact=True).click()
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    see_everything(page)
    page.wait_for_selector("#class-attribution[data-done]", state="attached")  # is drawn anew in the colours of the theme
    assert serious(page, "document", colours_only=True) == []
    for theme in ("dark", "light"):
        page.get_by_text(theme, exact=True).click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.wait_for_selector("#keys[open]")
        assert serious(page, "document.getElementById('keys')") == []
        page.keyboard.press("Escape")
    page.close()


def serious(page: Page, part: str, *, colours_only: bool = False) -> list[str]:
    """What axe finds there, in sentences. The other theme changes nothing but colours."""
    rules = ", runOnly: ['color-contrast', 'link-in-text-block']" if colours_only else ""
    result = page.evaluate(f"() => axe.run({part}, {{resultTypes: ['violations']{rules}}})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
