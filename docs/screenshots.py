"""Take the screenshots of `docs/page.md` and of the README in Chromium.

python docs/screenshots.py RUN/report.html
"""

from __future__ import annotations

import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
COLORS = 128
"""Palette size: small files, and still enough for the color scales."""


@dataclass(frozen=True)
class View:
    """What a screenshot shows: the hash of the page, an element to scroll to, and the window."""

    hash: str = ""
    element: str = ""
    theme: str = "light"
    width: int = 1366
    height: int = 625
    strokes: tuple[tuple[tuple[float, float], ...], ...] = ()
    """Lines to draw on the pad, as shares of its sides."""


FOUR = (((0.38, 0.2), (0.26, 0.55), (0.72, 0.55)), ((0.62, 0.22), (0.6, 0.5), (0.56, 0.85)))
VIEWS = {
    "first-screen": View(strokes=FOUR),
    "first-screen-dark": View(theme="dark"),
    "phone": View(width=390, height=844),
    "layer": View("layer=conv2d"),
    "unit": View("layer=conv2d_1&unit=5.5.3"),
    "softmax": View("layer=dense_1&unit=7", theme="dark"),
    "learned": View(element="#learned", height=768),
    "good": View(element="#figure-confusion_matrix", height=768),
    "fails": View(element="#figure-mistakes", height=768),
    "sure": View(element="#sure", height=768),
    "verdict": View(element="#verdict", height=768),
}
ZOOM = (("", 1500), ("layer=conv2d", 1500), *((f"layer=conv2d&unit={row}.{column}.1", 350) for row in (7, 8) for column in
        range(5, 21, 3)), ("layer=max_pooling2d&unit=4.6.1", 1200), ("layer=conv2d_1&unit=4.5.3", 1500),
        ("layer=dense&unit=30", 1500), ("layer=dense_1&unit=7", 2000))  # fmt: skip
"""The frames of `zoom.gif`: hash and milliseconds."""


def open_page(browser: Browser, report: Path, view: View) -> Page:
    """Return the page at a view, with everything drawn."""
    page = browser.new_page(viewport={"width": view.width, "height": view.height}, reduced_motion="reduce")
    page.goto(f"{report.resolve().as_uri()}#theme={view.theme}{'&' if view.hash else ''}{view.hash}")
    page.wait_for_selector("html[data-ready=true]", state="attached")
    if view.element:
        page.locator(view.element).first.evaluate("(element) => element.scrollIntoView({behavior: 'instant'})")
    box = page.locator("#pad").bounding_box() if view.strokes else None
    for first, *others in view.strokes if box else ():
        page.mouse.move(box["x"] + first[0] * box["width"], box["y"] + first[1] * box["height"])
        page.mouse.down()
        for across, down in others:
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=12)
        page.mouse.up()
    page.wait_for_timeout(3000)  # for deferred drawing and computation
    return page


def screenshot(page: Page) -> Image.Image:
    """Return what the window shows."""
    with Image.open(io.BytesIO(page.screenshot())) as taken:
        return taken.convert("RGB")


def reduced(image: Image.Image) -> Image.Image:
    """Return the image with a small palette."""
    return image.quantize(COLORS, method=Image.Quantize.FASTOCTREE)


def take_zoom(browser: Browser, report: Path) -> None:
    """Save the way from the whole network to one product, and on to the probabilities, as an animation."""
    page = open_page(browser, report, View())
    frames = []
    for hash_, _ in ZOOM:
        page.evaluate("(hash) => { location.hash = hash; }", f"theme=light{'&' if hash_ else '&layer='}{hash_}")
        page.wait_for_timeout(700)
        frames.append(screenshot(page).resize((1024, 468), Image.Resampling.LANCZOS))
    first, *others = [reduced(frame) for frame in frames]
    first.save(
        IMAGES / "zoom.gif", save_all=True, append_images=others, duration=[time for _, time in ZOOM], loop=0, optimize=True
    )


def main(report: Path) -> None:
    """Take all screenshots."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, view in VIEWS.items():
            page = open_page(browser, report, view)
            reduced(screenshot(page)).save(IMAGES / f"{name}.png", optimize=True)
            page.close()
        take_zoom(browser, report)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
