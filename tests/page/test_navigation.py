"""Places, levels and images as steps of the browser's history, and links that land."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import ADDRESS_WRITTEN, draw, ready, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

LINKS = """() => [...new Set([...document.querySelectorAll('main a[href^="#"], nav a[href^="#"], header a[href^="#"]')]
  .filter((link) => !link.closest("[hidden], dialog, .static.is-replaced"))
  .map((link) => decodeURIComponent(link.hash.slice(1))))]"""
"""The anchors that the page links to."""

RESTED = """async (frames = 15) => {
  let [seen, still] = ["", 0];
  for (const end = performance.now() + 10000; performance.now() < end && still < frames;) {
    await new Promise((done) => requestAnimationFrame(done));
    const now = [scrollY, document.documentElement.scrollHeight, location.hash].join();
    const isGrowing = document.getAnimations().some(({pending, playState, effect}) =>
      (pending || playState === "running") && effect.getComputedTiming().endTime < Infinity);
    [seen, still] = [now, now === seen && !isGrowing ? still + 1 : 0];
  }
}"""
"""Waits until nothing has moved, grown or faded for so many frames, which take as much longer as the machine is busier."""

OFFSET_OF_LINK = """async ([place, isFromEnd]) => {
  const visible = (element) => (!element || element.getClientRects().length ? element : visible(element.parentElement));
  const root = document.documentElement;
  const rest = RESTED;
  const offset = () => {
    const target = visible(document.getElementById(place));
    if (!target) return `there is no ${place}`;
    if (new URLSearchParams(location.hash.slice(1)).get("layer")) { // a view has opened what the link asks for
      const {top} = document.getElementById("stage").getBoundingClientRect();
      return top < innerHeight / 2 ? 0 : top;
    }
    const style = getComputedStyle(target);
    const line = parseFloat(getComputedStyle(root).scrollPaddingTop) + parseFloat(style.scrollMarginTop);
    const from = target.getBoundingClientRect().top - line;
    const isAtEnd = from > 0 && scrollY + innerHeight >= root.scrollHeight - 2;
    const isAtStart = from < 0 && scrollY < 2;
    return isAtEnd || isAtStart ? 0 : from;
  };
  dispatchEvent(new Event("wheel")); // as a reader's own, so that the page lets go of the last place
  scrollTo({top: isFromEnd ? root.scrollHeight : 0, behavior: "instant"});
  await rest(3); // a view that is first seen is drawn in the second
  [...document.querySelectorAll('a[href^="#"]')].find((link) => decodeURIComponent(link.hash.slice(1)) === place).click();
  for (let tries = 0; tries < 10; tries++) {
    await rest();
    if (Math.abs(offset()) <= 8) break;
  }
  return offset();
}""".replace("RESTED", RESTED)
"""How far from the line a link lands, in pixels, when nothing moves any more; a busy machine may take some seconds to scroll.
A plain function, for any browser's driver."""


@pytest.mark.rows(2)
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
@pytest.mark.parametrize("from_end", [False, True], ids=["from the top", "from the end"])
def test_every_link_lands_within_8_pixels_of_its_target(
    browser: Browser, write_page: Write, mnist_text: str, width: int, height: int, from_end: bool
) -> None:
    with opened(browser, write_page(mnist_text), width=width, height=height) as (page, troubles):
        ready(page)
        places = page.evaluate(LINKS)
        assert len(places) >= 5
        missed = {place: page.evaluate(OFFSET_OF_LINK, [place, from_end]) for place in places}
        assert {
            place: offset for place, offset in missed.items() if not isinstance(offset, int | float) or abs(offset) > 8
        } == {}
        assert troubles == []


WHERE = """() => ({
  y: scrollY, focus: document.activeElement.id || document.activeElement.textContent,
  hash: new URLSearchParams(location.hash.slice(1)).toString(),
})"""

SEE_ALL = f"""async () => {{
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {{
    scrollTo({{top: y, behavior: "instant"}});
    await ({RESTED})(3);
  }}
  scrollTo({{top: 0, behavior: "instant"}});
}}"""


def settle(page: Page) -> None:
    """Waits until another step is one of its own, and the address is written."""
    page.wait_for_timeout(1100)


def travel(page: Page, way: str) -> None:
    page.evaluate(f"history.{way}()")
    page.evaluate(RESTED)


def test_back_and_forward_restore_image_level_place_scroll_and_focus(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, write_page(page_text), width=1366, height=768, reduced_motion="reduce") as (page, troubles):
        ready(page)
        page.evaluate(SEE_ALL)  # views are drawn where they are first seen
        seen = [page.evaluate(WHERE)]

        def step(do: Callable[[], object]) -> None:
            seen[-1] = page.evaluate(WHERE)  # as it is left: views may have moved it since
            do()
            settle(page)
            seen.append(page.evaluate(WHERE))

        layer = page.locator("#layer-list button").first
        step(lambda: page.locator("#thumbnails button").nth(1).click())
        step(layer.click)
        step(lambda: page.keyboard.press("Escape"))
        step(lambda: page.evaluate("document.querySelector('#contents a[href=\"#verdict\"]').click()"))
        assert len({(each["hash"], each["y"]) for each in seen}) >= 4
        assert "layer=" in seen[2]["hash"]
        assert "layer=" not in seen[3]["hash"]
        for expected in reversed(seen[:-1]):
            travel(page, "back")
            found = page.evaluate(WHERE)
            assert found["hash"] == expected["hash"]
            assert abs(found["y"] - expected["y"]) <= 8
        with_it = "[...document.querySelectorAll('#thumbnails button')].indexOf(document.activeElement)"
        assert page.evaluate(with_it) == 1  # the first step was made with it
        for expected in seen[1:]:
            travel(page, "forward")
            found = page.evaluate(WHERE)
            assert found["hash"] == expected["hash"]
            assert abs(found["y"] - expected["y"]) <= 8
        assert troubles == []


def test_images_leafed_through_are_one_step_and_strokes_sliders_and_looks_are_none(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, write_page(page_text)) as (page, troubles):
        ready(page)
        steps = page.evaluate("history.length")
        draw(page, [[(0.3, 0.3), (0.6, 0.7)]])
        page.get_by_text("dark", exact=True).click()
        settle(page)
        assert page.evaluate("history.length") == steps
        page.evaluate("document.activeElement.blur()")
        for _ in range(5):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(100)
        settle(page)
        assert page.evaluate("history.length") <= steps + 1
        page.locator("#thumbnails button").nth(1).click()
        settle(page)
        travel(page, "back")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert troubles == []


def test_back_at_the_start_leaves_the_page(browser: Browser, write_page: Write, page_text: str) -> None:
    address = write_page(page_text)
    with opened(browser, "about:blank") as (page, _):
        page.goto(address)
        ready(page)
        page.locator("#thumbnails button").nth(1).click()
        settle(page)
        travel(page, "back")
        assert page.url == address
        page.go_back()
        assert page.url == "about:blank"


def test_a_browser_that_refuses_steps_changes_nothing_but_the_address(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    refuse = "() => { history.pushState = history.replaceState = () => { throw new DOMException('no', 'SecurityError'); }; }"
    with opened(browser, write_page(page_text)) as (page, troubles):
        ready(page)
        page.evaluate(refuse)
        page.locator("#thumbnails button").nth(1).click()
        page.locator("#layer-list button").first.click()
        page.keyboard.press("Escape")
        assert page.locator("#chooser-number").input_value() != "0"
        assert troubles == []


def test_escape_leaves_one_level_after_the_other(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#layer=conv2d&unit=3.3.0&target=2&change=turn:20") as (page, troubles):
        ready(page)
        for left in ("unit", "layer", "target", "change"):
            assert f"{left}=" in page.url
            page.keyboard.press("Escape")
            page.evaluate(ADDRESS_WRITTEN)
            assert f"{left}=" not in page.url
        page.keyboard.press("Escape")
        assert troubles == []


def test_escape_closes_a_dialog_before_a_level(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#layer=conv2d") as (page, _):
        ready(page)
        page.locator("#keys-button").click()
        page.keyboard.press("Escape")
        page.evaluate(ADDRESS_WRITTEN)
        assert not page.locator("#keys").is_visible()
        assert page.evaluate("document.activeElement.id") == "keys-button"
        assert "layer=conv2d" in page.url


SHAPES: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(0.5 + 0.2 * math.cos(turn / 24 * math.tau), 0.5 + 0.34 * math.sin(turn / 24 * math.tau)) for turn in range(25)]],
    "1": [[(0.53, 0.15), (0.47, 0.85)]],
    "2": [[(0.28, 0.3), (0.4, 0.16), (0.6, 0.16), (0.7, 0.32), (0.6, 0.52), (0.28, 0.84), (0.74, 0.84)]],
    "3": [[(0.3, 0.18), (0.62, 0.18), (0.68, 0.34), (0.46, 0.48), (0.68, 0.6), (0.66, 0.8), (0.3, 0.84)]],
    "4": [[(0.35, 0.15), (0.3, 0.55), (0.75, 0.55)], [(0.65, 0.3), (0.62, 0.9)]],
    "5": [[(0.7, 0.16), (0.36, 0.16), (0.33, 0.45), (0.58, 0.45), (0.7, 0.62), (0.6, 0.82), (0.3, 0.84)]],
    "6": [[(0.62, 0.14), (0.38, 0.45), (0.34, 0.7), (0.5, 0.86), (0.66, 0.72), (0.58, 0.55), (0.38, 0.62)]],
    "7": [[(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]],
    "8": [
        [
            (0.62, 0.2),
            (0.4, 0.2),
            (0.4, 0.38),
            (0.64, 0.6),
            (0.6, 0.82),
            (0.4, 0.82),
            (0.38, 0.62),
            (0.62, 0.38),
            (0.62, 0.2),
        ]
    ],
    "9": [[(0.66, 0.3), (0.5, 0.16), (0.36, 0.3), (0.48, 0.46), (0.66, 0.34), (0.6, 0.86)]],
}
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
PREDICTION = """() => {
  const [answer, said] = [convscope.answer(), document.getElementById("prediction-confidence").textContent];
  return [answer, parseFloat(said.match(/[\\d.]+(?=\\s?%)/)[0]) / 100];
}"""


def ink_text(lines: Iterable[np.ndarray], radius: int = 12) -> str:
    """Strokes as the page writes them: the diameter, then the steps, five bits to a character."""

    def number(value: int) -> str:
        return DIGITS[value] if value < 32 else DIGITS[32 + value % 32] + number(value // 32)

    def signed(value: int) -> str:
        return number(-2 * value - 1 if value < 0 else 2 * value)

    return ".".join(
        number(2 * radius)
        + "".join(signed(int(step)) for step in np.diff(line, axis=0, prepend=np.zeros((1, 2), int)).ravel())
        for line in lines
    )


def written(shape: list[list[tuple[float, float]]], random: np.random.Generator) -> list[np.ndarray]:
    """The lines of a digit as a slow, trembling hand draws them on a pad of 280 pixels: 1,200 points each."""
    turn, size = random.normal(0, 0.08), random.uniform(0.85, 1.05)
    rotation = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    lines = []
    for line in shape:
        corners = np.array(line)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        at = np.linspace(0, along[-1], 1200)
        points = np.stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)], axis=1)
        tremor = random.normal(0, 0.8, points.shape)
        lines.append(np.rint(280 * ((points - 0.5) @ rotation.T + 0.5) + tremor).astype(int))
    return lines


@pytest.mark.rows(1)
@pytest.mark.parametrize("hand", [5, 6])
def test_a_link_to_a_long_drawing_is_short_and_shows_the_same(
    browser: Browser, write_page: Write, mnist_text: str, hand: int
) -> None:
    random = np.random.default_rng(hand)
    address = write_page(mnist_text)
    with opened(browser, address) as (page, troubles):
        ready(page)
        for digit, shape in SHAPES.items():
            ink = ink_text(written(shape, random))
            assert len(ink) > 2000
            page.evaluate(f"location.hash = 'image=drawing&ink={ink}'")
            until(page, f"!location.hash.includes('{ink[:1990]}')")
            drawn, sure = page.evaluate(PREDICTION)
            link = page.evaluate("location.hash")
            assert len(link) <= 2000
            page.evaluate("convscope.clear()")
            page.evaluate(ADDRESS_WRITTEN)
            page.evaluate("(hash) => (location.hash = hash)", link)
            until(page, "convscope.answer() !== ''")
            assert page.evaluate(PREDICTION) == [drawn, pytest.approx(sure, abs=0.02)], digit
        assert troubles == []


def test_500_strokes_fit_in_a_link_that_opens_in_half_a_second_and_leave_nothing_in_memory(
    browser: Browser, write_page: Write, mnist_text: str
) -> None:
    random = np.random.default_rng(6)
    starts = random.uniform(20, 260, (500, 1, 2))
    lines = np.rint(starts + np.cumsum(random.uniform(-15, 15, (500, 5, 2)), axis=1)).astype(int)
    with opened(browser, write_page(mnist_text), own_tab=True) as (page, troubles):
        ready(page)
        page.wait_for_timeout(2000)
        heap = page.context.new_cdp_session(page)

        def used() -> float:
            heap.send("HeapProfiler.collectGarbage")
            return float(heap.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

        before = used()
        page.evaluate(f"location.hash = 'image=drawing&ink={ink_text(lines)}'")
        until(page, "convscope.answer() !== '' && location.hash.length < 2000")
        link = page.evaluate("location.hash")
        page.evaluate("convscope.clear()")
        page.wait_for_timeout(500)
        assert used() < before + 5
        took = page.evaluate(
            """async (hash) => {
              const start = performance.now();
              location.hash = hash;
              await new Promise((done) => addEventListener("hashchange", done, {once: true}));
              return convscope.answer() === "" ? Infinity : performance.now() - start;
            }""",
            link,
        )
        assert took < 500
        assert troubles == []


@pytest.mark.rows(5)  # how each part of a link is read is tested in `hash.test.mjs`
@pytest.mark.parametrize(
    ("link", "named"),
    [
        ("colour=red", "colour=red"),
        ("image=nonsense", "image=nonsense"),
        ("image=test-999999", "image=test-999999"),
        ("image=test-1&layer=nowhere", "layer=nowhere"),
        ("good&epoch=77", "epoch=77"),
        ("target=9999", "target=9999"),
        ("%3Cimg%20src=x%20onerror=alert(1)%3E", "<img src=x onerror=alert(1)>"),
    ],
)
def test_a_link_that_names_what_the_page_lacks_says_so(
    browser: Browser, write_page: Write, page_text: str, link: str, named: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#{link}") as (page, troubles):
        ready(page)
        note = page.locator("#playground-problem")
        assert note.is_visible()
        assert named in (note.text_content() or "")
        assert page.evaluate("convscope.answer()") != ""
        assert "epoch=" not in page.evaluate("location.hash")  # the last weights run, and every view says so
        assert troubles == []


@pytest.mark.rows(3)
@pytest.mark.parametrize("link", ["", "#good", "#image=test-1&epoch=1", "#layer=conv2d", "#image=drawing", "#theme=dark"])
def test_a_link_that_the_page_understands_gives_no_note(
    browser: Browser, write_page: Write, page_text: str, link: str
) -> None:
    with opened(browser, write_page(page_text) + link) as (page, _):
        ready(page)
        assert not page.locator("#playground-problem").is_visible()
