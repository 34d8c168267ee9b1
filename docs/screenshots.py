"""Take the screenshots of `docs/page.md` in Chromium.

python docs/screenshots.py RUN/report.html
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
COLORS = 128
"""Palette size: small files, and still enough for the color scales."""
VIEWS: dict[str, tuple[str, str, dict[str, int]]] = {
    "first-screen": ("light", "", WIDE),
    "first-screen-dark": ("dark", "", WIDE),
    "phone": ("light", "", PHONE),
    "learned": ("light", "#learned", WIDE),
    "good": ("light", "#figure-confusion_matrix", WIDE),
    "fails": ("light", "#figure-mistakes", WIDE),
    "inside": ("light", "#inspector", WIDE),
    "inside-dark": ("dark", "#inspector", WIDE),
}
"""Theme, element to scroll to, and window size of each screenshot."""


def take(page: Page, name: str) -> None:
    """Save a screenshot with a small palette."""
    with Image.open(io.BytesIO(page.screenshot())) as screenshot:
        reduced = screenshot.convert("RGB").quantize(COLORS, method=Image.Quantize.FASTOCTREE)
        reduced.save(IMAGES / f"{name}.png", optimize=True)


def main(report: Path) -> None:
    """Take all screenshots."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (theme, selector, size) in VIEWS.items():
            page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
            page.goto(f"{report.resolve().as_uri()}#theme={theme}")
            page.wait_for_selector("html[data-ready=true]")
            if selector:
                page.locator(selector).first.evaluate("(element) => element.scrollIntoView({behavior: 'instant'})")
            page.wait_for_timeout(4000)  # for deferred drawing and computation
            take(page, name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
