"""The pictures of `docs/page.md`, taken by a real Chromium of the page of a real run.

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
COLOURS = 128
"""Few enough to keep the pictures small, and enough for the colour scales."""
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
"""Name of the picture → theme, what is scrolled to, size of the window."""


def take(page: Page, name: str) -> None:
    """One picture, in few colours."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
        few.save(IMAGES / f"{name}.png", optimize=True)


def main(report: Path) -> None:
    """All of them."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (theme, place, size) in VIEWS.items():
            page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
            page.goto(f"{report.resolve().as_uri()}#theme={theme}")
            page.wait_for_selector("html[data-ready=true]")
            if place:
                page.locator(place).first.evaluate("(element) => element.scrollIntoView({behavior: 'instant'})")
            page.wait_for_timeout(4000)  # what is drawn when it comes into sight, or worked out when nothing else is to do
            take(page, name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
