"""axe-core finds nothing serious on the page, in either theme, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
def axe() -> str:
    pytest.importorskip("axe_playwright_python", reason="axe-core is not in this environment")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_serious_is_found(
    theme: str, width: int, page_text: str, browser: Browser, write_page: Callable[[str], str], axe: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{write_page(page_text)}#theme={theme}")
    page.wait_for_selector("html[data-ready=true]")
    page.evaluate(axe)
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    page.close()
    found = [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
    assert found == []
