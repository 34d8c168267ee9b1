"""The first screen in a real Chromium: the pad, the river, the answer, and the door for scripts."""

from __future__ import annotations

import io
import json
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.analysis.activations import activations
from convscope.data.dataset import Dataset
from convscope.data.preprocessing import to_inputs
from convscope.formatting import format_probability
from convscope.page.csp import island
from convscope.runs.record import RunRecord

from ..handwriting import penned, photo_of_one, photo_of_sheet, sheet_of_photos  # type: ignore[import-not-found]
from .conftest import train_with_page  # type: ignore[import-not-found]
from .test_browser import opened  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]
Line = Iterable[tuple[float, float]]

READY = "html[data-ready=true]"
PAD = "document.getElementById('pad').toDataURL()"
ADDRESS_WRITTEN = "new Promise((done) => setTimeout(done, 400))"
"""The address is written at most every 350 ms: a timer that starts now ends after the last one that waits."""
STROKES: dict[str, list[Line]] = {
    "1": [[(0.52, 0.15), (0.47, 0.85)]],
    "7": [[(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]],
    "0": [
        [(0.5 + 0.22 * math.cos(turn / 20 * math.tau), 0.5 + 0.35 * math.sin(turn / 20 * math.tau)) for turn in range(21)]
    ],
    "4": [[(0.35, 0.15), (0.3, 0.55), (0.75, 0.55)], [(0.65, 0.3), (0.62, 0.9)]],
}
STRIP_MAPS = "[...document.querySelectorAll('#layer-strip canvas.maps')].map((map) => map.toDataURL())"
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


LENS_AND_RIVER = """(canvas) => {
  const colour = (picture, x, y) => [...picture.getContext("2d").getImageData(x, y, 1, 1).data];
  const ends = (node) => [...node.querySelectorAll(".scale-numbers span")].map((end) => end.textContent);
  const lens = document.querySelector("#lens canvas:not(.scale-bar)");
  let side = 8;
  while (colour(canvas, side, 8)[3]) side++;
  side -= 2; // of the gap behind the first map, two pixels are its frame
  const places = Array.from({length: 64}, (_, place) => [place % 8, Math.floor(place / 8)]);
  return {
    lens: places.map(([x, y]) => colour(lens, x, y)),
    strip: places.map(([x, y]) => colour(canvas, Math.floor((x + 0.5) * side / 8), Math.floor((y + 0.5) * side / 8))),
    ends: ends(document.getElementById("lens")), stripEnds: ends(canvas.closest(".layer")),
  };
}"""
"""The first map of 8 × 8 of a layer, under the lens and in the layer strip, pixel by pixel; and both legends."""


PROBABILITIES = """(row) => {
  const found = [];
  const add = (place, which, text) => text && found.push([place, which, text.replace("\u00a0", " ")]);
  const share = (text) => text?.match(/[<>]?\\s?[\\d.]+%/)?.[0].trim();
  const text = (query) => document.querySelector(query)?.textContent;
  add("head", "best", share(text("#prediction-confidence")));
  add("runner-up", "second", share(text("#prediction-runner-up")));
  add("open bar", "best", share(text("#open-bar .open-prediction")));
  for (const item of document.querySelectorAll("#prediction-bars li:not([hidden])")) {
    add("bars", item.querySelector("bdi").textContent, item.querySelector(".bar-number").textContent);
  }
  for (const line of document.querySelectorAll(".answers tbody tr")) {
    add("details", line.querySelector("bdi").textContent, line.querySelector("td").textContent);
  }
  for (const tile of document.querySelectorAll(`#every-image .tile[data-name="test-${row}"]`)) {
    add("tile", "best", share(tile.querySelector(".chance").textContent));
    add("tile's title", "true", share(tile.title.split("probability of the true class")[1]));
    add("tile's title", "best", share(tile.title.split("confidence")[1]));
  }
  return found;
}"""
"""Every probability of the open test image that the page prints: place, class, text."""


def ready(page: Page) -> Page:
    page.wait_for_selector(READY, state="attached")
    return page


def until(page: Page, condition: str) -> None:
    """Polls from here: Playwright's own way needs `eval` in the page, which the policy forbids."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{condition} did not come true in 15 s")


def draw(page: Page, strokes: Iterable[Line], while_down: Callable[[], object] | None = None) -> None:
    """With the mouse, in shares of the pad. ``while_down`` is called half-way along each stroke and at its end, before the
    button is let go, once what was drawn has reached the screen."""
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    assert box is not None
    for stroke in strokes:
        first, *rest = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*first)
        page.mouse.down()
        for number, (before, place) in enumerate(pairwise([first, *rest])):
            page.mouse.move(*place, steps=min(8, 1 + int(math.dist(before, place) / 12)))  # a hand is no slower
            if number in (len(rest) // 2 - 1, len(rest) - 1) and while_down:
                page.evaluate(TWO_FRAMES)
                while_down()
        page.mouse.up()


def more(page: Page) -> None:
    """Opens what lies behind the last button below the pad: the choice of the image by its number, and drawing on it."""
    if page.locator("#pad-more:popover-open").count() == 0:
        page.locator("#pad-more-button").click()


def answer(page: Page) -> str:
    return str(page.evaluate("convscope.answer()"))


def with_payload(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The page, had its payload been another one."""
    opening = '<script type="application/json" id="payload">'
    start = text.index(opening) + len(opening)
    end = text.index("</script>", start)
    payload = json.loads(text[start:end])
    change(payload)
    return text[:start] + island(payload) + text[end:]


def test_a_drawn_digit_is_recognised_while_every_layer_follows(browser: Browser, write_page: Write, mnist_text: str) -> None:
    seen: list[list[str]] = []
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)

        def look() -> None:
            seen.append(page.evaluate(STRIP_MAPS))

        for digit, strokes in STROKES.items():
            page.evaluate("convscope.clear()")
            assert answer(page) == ""
            seen.clear()
            look()
            draw(page, strokes, while_down=look)
            assert answer(page) == digit
            assert page.locator("#prediction-class").text_content() == digit
            assert {len(maps) for maps in seen} == {6}
            for before, after in pairwise(seen):  # the pen is down each time but the first
                assert all(map_before != map_after for map_before, map_after in zip(before, after, strict=True))
        assert troubles == []


def test_a_stroke_over_a_test_image_begins_a_drawing_of_its_own(
    browser: Browser, write_page: Write, mnist_text: str
) -> None:
    with opened(browser, write_page(mnist_text)) as (page, _):
        ready(page)
        shown = page.evaluate(PAD)
        draw(page, STROKES["1"])
        assert answer(page) == "1"
        page.locator("#pad-undo").click()
        assert page.evaluate(PAD) == shown
        more(page)
        page.locator("#pad-adds").check()
        page.keyboard.press("Escape")
        draw(page, [[(0.05, 0.05), (0.1, 0.05)]])
        page.wait_for_url("**image=drawing&ink=test-0~*")


def test_a_view_survives_in_the_address(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#image=test-7&change=turn:20&theme=dark") as (page, troubles):
        ready(page)
        assert page.locator("#chooser-number").input_value() == "7"
        assert page.locator("#slider-turn").input_value() == "20"
        assert page.locator("#pad-changed span").text_content() == "Rotate 20°"
        more(page)
        page.locator("#chooser-next").click()
        assert page.locator("#pad-note").text_content() == "Shown without the changes to the image before: Rotate 20°."
        assert not page.locator("#pad-changed").is_visible()
        page.keyboard.press("Escape")
        page.wait_for_url("**#theme=dark&image=test-8")
        draw(page, STROKES["7"])
        page.wait_for_url("**image=drawing&ink=*")
        page.evaluate(ADDRESS_WRITTEN)
        drawing, said = page.evaluate(PAD), answer(page)
        ready_again = page.reload()
        assert ready_again is None or ready_again.ok
        ready(page)
        assert page.evaluate(PAD) == drawing
        assert answer(page) == said
        page.evaluate("location.hash = 'image=test-3'")
        until(page, "document.getElementById('chooser-number').value === '3'")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert troubles == []


@pytest.mark.rows(3)
@pytest.mark.parametrize("hash_text", [
    "image=test-99999", "image=drawing", "image=picture", "image=train-99999&epoch=77",
    "image=drawing&ink=~~..&change=turn:1e9", "layer=nowhere&unit=99.99.99&target=99",
])  # fmt: skip
def test_an_address_that_names_nothing_opens_the_page_all_the_same(
    browser: Browser, write_page: Write, page_text: str, hash_text: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#{hash_text}") as (page, troubles):
        ready(page)
        assert page.locator("#prediction-class").is_visible()
        assert troubles == []


@pytest.mark.parametrize(("hash_text", "said"), [
    ("image=picture", "The link asks for an image file, which stays on the computer where it was opened."),
    ("image=test-99999", "The link asks for test image 99,999, which is not in this file."),
])  # fmt: skip
def test_an_address_that_asks_for_what_is_not_here_says_so(
    browser: Browser, write_page: Write, page_text: str, hash_text: str, said: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#{hash_text}") as (page, _):
        ready(page)
        assert page.locator("#pad-note").text_content() == f"{said} Shown instead: Test image 0."
        more(page)
        page.locator("#chooser-next").click()
        assert page.locator("#pad-note").text_content() == ""


def test_a_map_under_the_lens_has_the_colours_of_the_river(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, _):
        ready(page)
        maps = page.locator("#layer-strip canvas.maps").nth(1)
        maps.hover(position={"x": 6, "y": 6})
        page.wait_for_selector("#lens:not([hidden])")
        found = maps.evaluate(LENS_AND_RIVER)
        assert found["ends"] == found["stripEnds"]
        assert len(found["lens"]) == 64
        assert len({tuple(colour) for colour in found["lens"]}) > 1
        assert found["lens"] == found["strip"]


def test_a_finger_draws(browser: Browser, write_page: Write, mnist_text: str) -> None:
    with opened(browser, write_page(mnist_text), width=360, has_touch=True) as (page, troubles):
        ready(page)
        page.locator("#pad").scroll_into_view_if_needed()
        box = page.locator("#pad").bounding_box()
        assert box is not None
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in places]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", (0.5, 0.15))
        for step in range(1, 15):
            touch("touchMove", (0.5, 0.15 + 0.05 * step))
        touch("touchEnd")
        until(page, "convscope.answer() === '1'")
        assert page.evaluate("document.querySelector('#playground').scrollWidth") <= 360
        assert troubles == []


def test_a_photo_of_a_digit_is_prepared_as_mnist_did_and_says_how(
    browser: Browser, write_page: Write, mnist_text: str, mnist: Dataset, tmp_path: Path
) -> None:
    paper = Image.fromarray(255 - mnist.test.images[0, ..., 0]).resize((420, 420), Image.Resampling.BICUBIC)
    sheet = Image.new("L", (900, 700), 235)
    sheet.paste(paper.point(lambda level: min(235, level)), (380, 150))
    sheet.convert("RGB").save(tmp_path / "photo.png")
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        page.locator("#pad-file").set_input_files(tmp_path / "photo.png")
        until(page, "convscope.answer() === '7' && document.getElementById('chooser-name').textContent === 'photo.png'")
        page.locator("#playground-bench > summary").click()
        until(page, "document.getElementById('steps').textContent.includes('inverted')")
        assert page.locator("#steps .step:visible").count() == 8
        page.get_by_label("Polarity").uncheck()
        until(page, "!document.getElementById('steps').textContent.includes('inverted')")
        page.locator("#pad-file").set_input_files({"name": "words.png", "mimeType": "image/png", "buffer": b"no picture"})
        until(page, "document.getElementById('pad-note').textContent.includes('words.png')")
        assert troubles == []


def test_of_a_photographed_sheet_the_largest_digit_is_taken_as_python_finds_it(
    browser: Browser, write_page: Write, mnist_text: str, mnist_run: convscope.Run, tmp_path: Path
) -> None:
    random = np.random.default_rng(9)
    inks = [penned(label, height, random) for label, height in (("3", 90), ("7", 150), ("1", 80))]
    photo = Image.open(io.BytesIO(photo_of_sheet(inks, list("371"), [3], random).content))
    photo.save(tmp_path / "sheet.png")  # without loss, both have the same pixels
    found = convscope.predict(mnist_run, tmp_path / "sheet.png")
    largest = max(found, key=lambda each: each.place.height if each.place else 0)
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        page.locator("#pad-file").set_input_files(tmp_path / "sheet.png")
        until(page, "document.getElementById('chooser-name').textContent === 'sheet.png'")
        until(page, f"convscope.answer() === '{largest.class_name}'")
        page.locator("#playground-bench > summary").click()
        until(page, "document.getElementById('steps').textContent.includes('3 digits found; the largest is used')")
        assert troubles == []
    assert [each.class_name for each in found] == ["3", "7", "1"]


def test_the_distance_is_that_of_the_analysis(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord, digits: Dataset
) -> None:
    """The page and `analysis/ood/mahalanobis.py` say the same of a test image."""
    evidence = digits_record.evidence
    assert evidence is not None
    assert evidence.mahalanobis is not None
    reference = evidence.mahalanobis
    own = activations(digits_record.network, to_inputs(digits.test.images[:20]))[reference.layer_name]
    distances = reference.of(own.reshape(len(own), -1))
    row = int(distances.argmin())
    expected = 1 - float(np.interp(distances[row], reference.distances, np.linspace(0, 1, 101)))
    with opened(browser, f"{write_page(page_text)}#image=test-{row}") as (page, _):
        ready(page)
        until(page, "document.getElementById('prediction-numbers').textContent !== ''")
        found = re.search(r"Closer to .* than (\d+)", page.locator("#prediction-numbers").text_content() or "")
        assert found
        assert abs(int(found[1]) / 100 - expected) <= 0.006


def test_the_bar_of_the_open_image_stays_in_sight(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        assert not page.locator("#open-bar").is_visible()
        page.evaluate("document.getElementById('verdict').scrollIntoView()")
        page.wait_for_selector("#open-bar:visible")
        assert "Test image 0" in (page.locator("#open-bar").text_content() or "")
        page.locator("#open-bar .open-next").click()
        assert "Test image 1" in (page.locator("#open-bar").text_content() or "")
        assert f"prediction {answer(page)}" in (page.locator("#open-bar").text_content() or "")
        page.locator("#open-bar a").click()
        page.wait_for_selector("#open-bar", state="hidden")
        assert troubles == []


LATE = """
window.IntersectionObserver = class extends IntersectionObserver {
  constructor(listener, options) {
    super((entries) => {
      const {boundingClientRect, isIntersecting, target} = entries.at(-1);
      listener([{boundingClientRect, isIntersecting: !isIntersecting, target}, ...entries]);
    }, options);
  }
};
"""
"""What a busy browser does: it reports that something was seen and that it no longer is in one call."""


def test_a_busy_browser_hides_no_bar(browser: Browser, write_page: Write, page_text: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(LATE)
    page = context.new_page()
    page.goto(write_page(page_text))
    ready(page)
    assert not page.locator("#open-bar").is_visible()
    page.evaluate("document.getElementById('verdict').scrollIntoView()")
    page.wait_for_selector("#open-bar:visible", timeout=5000)
    context.close()


def test_an_unknown_layer_stops_the_run_and_nothing_else(browser: Browser, write_page: Write, page_text: str) -> None:
    def make_strange(payload: dict[str, Any]) -> None:
        payload["network"]["layers"][2]["kind"] = "Kaleidoscope"

    with opened(browser, write_page(with_payload(page_text, make_strange))) as (page, troubles):
        ready(page)
        note = page.locator("#playground-problem")
        assert note.is_visible()
        assert "Kaleidoscope" in (note.text_content() or "")
        assert page.locator("#layer-strip .layer").count() == 3
        assert answer(page) == ""
        draw(page, STROKES["1"])
        assert troubles == []


@pytest.mark.parametrize("missing", [("evidence",), ("weights",), ("evidence", "weights")])
def test_what_the_page_does_not_hold_is_left_out(
    browser: Browser, write_page: Write, page_text: str, missing: tuple[str, ...]
) -> None:
    def forget(payload: dict[str, Any]) -> None:
        for key in missing:
            payload[key] = None

    with opened(browser, write_page(with_payload(page_text, forget))) as (page, troubles):
        ready(page)
        assert page.locator("#pad").is_visible()
        more(page)
        assert page.locator("#chooser").is_visible() == ("evidence" not in missing)
        assert page.locator("#thumbnails button").count() == 5 * ("evidence" not in missing) + ("weights" not in missing)
        assert page.locator("#playground-problem").is_visible() == ("weights" in missing)
        assert troubles == []


@pytest.mark.budget
def test_a_photo_of_twelve_megapixels_is_answered_at_once(
    browser: Browser, write_page: Write, mnist_text: str, tmp_path: Path
) -> None:
    random = np.random.default_rng(12)
    photo = Image.open(io.BytesIO(photo_of_one(penned("4", 300, random), "4", random).content))
    photo.resize((4032, 3024), Image.Resampling.BILINEAR).save(tmp_path / "phone.jpg", quality=85)
    seconds = []
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        for _ in range(2):
            page.evaluate("convscope.clear()")
            started = time.perf_counter()
            page.locator("#pad-file").set_input_files(tmp_path / "phone.jpg")
            until(page, "convscope.answer() === '4'")
            seconds.append(time.perf_counter() - started)
        assert troubles == []
    assert min(seconds) < 2  # half of it on a machine that does nothing else


def test_a_picture_with_nothing_in_it_has_no_answer(browser: Browser, write_page: Write, mnist_text: str) -> None:
    """As the empty pad has none: white, grey, nearly white, and noise in which no digit is found."""
    noise = np.random.default_rng(3).integers(0, 256, (400, 400)).astype(np.uint8)
    blank = {"white": np.full((28, 28), 255), "grey": np.full((1500, 900), 128), "paper": 250 + noise % 6, "noise": noise}
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        for name, levels in blank.items():
            page.evaluate("convscope.clear()")
            draw(page, STROKES["7"])
            assert answer(page) == "7"
            buffer = io.BytesIO()
            Image.fromarray(levels.astype(np.uint8)).save(buffer, "PNG")
            page.locator("#pad-file").set_input_files({"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()})
            until(page, "convscope.answer() === ''")
            assert page.locator("#prediction-class").text_content() == "?"
            assert page.locator("#prediction-confidence").text_content() == "Nothing found in this image"
            assert not page.locator("#prediction-trust").is_visible()
            assert page.locator(".bars .is-best").count() == 0
        assert troubles == []


def test_every_place_prints_the_same_probability_of_an_image(
    browser: Browser, write_page: Write, mnist_text: str, mnist_run: convscope.Run
) -> None:
    """Head, bars, bar of the open image, details and tiles agree with one another and with ``convscope.predict``."""
    evaluation, names = mnist_run.evaluation, mnist_run.evaluation.class_names
    rows = [*evaluation.mistakes[:4].tolist(), *np.random.default_rng(8).integers(0, len(evaluation), 8).tolist()]
    found = convscope.predict(mnist_run, mnist_run.dataset.test.images[rows])
    assert found.temperature != 1
    with opened(browser, write_page(mnist_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        page.evaluate("document.getElementById('figure-mistakes').scrollIntoView()")
        page.locator("#every-image .tile").first.click()
        places = set()
        for row, own in zip(rows, found.probabilities, strict=True):
            page.evaluate("(row) => { location.hash = `image=test-${row}`; }", row)
            until(page, f"document.querySelector('#open-bar').textContent.includes('Test image {row:,}')")
            until(page, f"document.querySelector('.details-title').textContent.endsWith('{row:,}')")
            classes = {"best": int(own.argmax()), "second": int(np.argsort(-own)[1]), "true": int(evaluation.labels[row])}
            for place, which, text in page.evaluate(PROBABILITIES, row):
                places.add(place)
                expected = own[classes[which] if which in classes else names.index(which)]
                assert text == format_probability(float(expected), 1 if place == "tile" else 2), (row, place, which)
        assert places == {"head", "bars", "open bar", "runner-up", "details", "tile", "tile's title"}
        assert troubles == []


def test_colour_pictures_are_opened_and_not_drawn(browser: Browser, write_page: Write, colour_text: str) -> None:
    buffer = io.BytesIO()
    picture = np.full((90, 160, 3), (250, 30, 20), np.uint8)
    picture[:, 100:110] = 255  # all of one colour, it would have no answer
    Image.fromarray(picture).save(buffer, "PNG")
    with opened(browser, write_page(colour_text)) as (page, troubles):
        ready(page)
        assert page.locator("#pad-clear").count() == 0
        page.locator("#pad-file").set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
        until(page, "document.getElementById('chooser-name').textContent === 'red.png'")
        pixel = page.evaluate("[...document.getElementById('pad').getContext('2d').getImageData(5, 5, 1, 1).data]")
        assert pixel == [250, 30, 20, 255]
        assert answer(page) in set(map(str, range(15)))
        bars = page.locator("#prediction-bars li:visible")
        assert bars.count() == 10
        assert bars.first.locator("bdi").text_content() == answer(page)
        page.locator(".bars-more").click()
        assert bars.locator("bdi").all_text_contents() == list(map(str, range(15)))
        page.get_by_role("button", name="Show fewer").click()
        assert bars.count() == 10
        assert (page.locator(".bars-more").text_content() or "").startswith("5 others: ")
        assert troubles == []


STAGE = ".brief, .pad-box, .tools, #thumbnails, #layer-strip, .epoch-control, .exercises-row, #prediction-bars"


SCREENS = [(1366, 625), (1366, 768), (1280, 600), (1920, 1080), (3840, 2160)]
WIDTHS = [360, 390, 683, 853, 1093, 1130, 1175, 1366, 1920, 3840]


def resized(page: Page, sizes: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The window in each of the sizes, once all is drawn. Begin where it was opened: the page starts there."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(TWO_FRAMES)
        assert page.evaluate("[innerWidth, innerHeight]") == [width, height]
        yield width, height


@pytest.mark.parametrize("screens", [SCREENS, SCREENS[::-1]], ids=["opened small", "opened large"])
def test_the_stage_fits_the_first_screen(
    browser: Browser, write_page: Write, page_text: str, screens: list[tuple[int, int]]
) -> None:
    (opened_width, opened_height), *_ = screens
    with opened(browser, write_page(page_text), width=opened_width, height=opened_height) as (page, troubles):
        ready(page)
        for width, height in resized(page, screens):
            assert page.locator("h1").evaluate("(title) => title.getClientRects().length") == 1
            for part in STAGE.split(", "):
                box = page.locator(part).bounding_box()
                assert box is not None, part
                assert box["y"] + box["height"] <= height, (part, width, height)
                assert box["x"] + box["width"] <= width, (part, width, height)
        assert troubles == []


@pytest.mark.parametrize("widths", [WIDTHS, WIDTHS[::-1]], ids=["opened narrow", "opened wide"])
def test_every_layer_is_in_sight_at_every_width(
    browser: Browser, write_page: Write, page_text: str, widths: list[int]
) -> None:
    with opened(browser, write_page(page_text), width=widths[0]) as (page, _):
        ready(page)
        for width, _ in resized(page, ((width, 800) for width in widths)):
            faces = page.locator("#layer-strip .layer-face").evaluate_all(
                "(faces) => faces.map((face) => face.getBoundingClientRect()).map(({left, right}) => [left, right])"
            )
            strip = page.locator("#layer-strip").bounding_box()
            assert strip is not None
            assert len(faces) == 6
            assert all(strip["x"] <= left < right <= strip["x"] + strip["width"] + 1 for left, right in faces), width
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_pad_answer_and_layers_follow_each_other(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text), width=390) as (page, _):
        ready(page)
        tops = [page.locator(place).bounding_box() for place in ("#pad", ".prediction-head", "#layer-strip")]
        assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in tops if box)


def test_the_brief_findings_lead_to_their_evidence(browser: Browser, write_page: Write, mnist_text: str) -> None:
    with opened(browser, write_page(mnist_text)) as (page, _):
        ready(page)
        shown = page.locator(".brief a")
        assert 1 <= shown.count() <= 3
        shown.first.click()
        page.wait_for_url("**/*#figure-*")


def test_the_thumbnails_open_what_they_show(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, troubles):
        ready(page)
        assert page.locator("#pad-invitation").text_content() == "Draw a digit"
        thumbnails = page.locator("#thumbnails button")
        assert thumbnails.locator(":scope > span:last-child").all_text_contents() == [
            "test",
            *["error"] * 3,
            "face",
            "random",
        ]
        thumbnails.nth(1).click()
        assert page.locator("#prediction").get_attribute("data-truth") == "wrong"
        assert thumbnails.nth(1).get_attribute("aria-pressed") == "true"
        thumbnails.nth(4).click()
        page.wait_for_url("**image=drawing&ink=*")
        assert not page.locator("#pad-invitation").is_visible()
        page.locator("#pad-undo").click()
        assert page.locator("#prediction").get_attribute("data-truth") == "wrong"
        thumbnails.nth(5).click()
        assert troubles == []


def test_the_bar_of_the_open_image_cuts_no_number_on_a_phone(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#image=test-7", width=390) as (page, _):
        ready(page)
        page.evaluate("document.getElementById('good').scrollIntoView()")
        page.wait_for_selector("#open-bar:visible")
        for part in (".open-name", ".open-prediction"):
            assert page.locator(f"#open-bar {part}").evaluate("node => node.scrollWidth <= node.clientWidth"), part


def test_no_frame_is_inverted_with_the_ink_in_it(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#theme=dark") as (page, _):
        ready(page)
        styles = page.evaluate("""() => [...document.querySelectorAll(".inked")].map(node => {
            const {filter, outlineStyle, outlineColor} = getComputedStyle(node);
            return [node.parentElement.className, filter, outlineStyle === "none" ? "" : outlineColor];
        })""")
        muted = page.evaluate("getComputedStyle(document.querySelector('.stage-title')).color")
        assert {turned for _, turned, _ in styles} == {"invert(1)"}
        assert [each for each in styles if each[2] not in ("", muted)] == []  # which is about as visible when inverted
        frames = page.locator("#thumbnails .thumbnail").evaluate_all(
            "all => all.map(node => [getComputedStyle(node).outlineColor, getComputedStyle(node).filter])"
        )
        ink = page.evaluate("getComputedStyle(document.body).color")
        assert frames[0] == [ink, "none"]  # of the open image
        assert all(color != ink for color, _ in frames[1:])


def test_a_changed_image_is_seen_as_changed_and_can_be_reset_beside_it(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with opened(browser, f"{write_page(page_text)}#image=test-3&change=turn:-40") as (page, _):
        ready(page)
        changed = page.evaluate(PAD)
        assert page.locator("#pad-changed span").text_content() == "Rotate −40°"
        page.locator("#pad-reset").click()
        assert page.evaluate(PAD) != changed
        assert not page.locator("#pad-changed").is_visible()
        assert page.locator("#pad-note").text_content() == ""


def test_pointing_at_a_map_marks_its_pixels_and_dims_what_takes_no_part(
    browser: Browser, write_page: Write, mnist_text: str
) -> None:
    level = """(canvas) => {
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, each) => sum + each, 0) / data.length;
    }"""
    with opened(browser, write_page(mnist_text), color_scheme="light") as (page, _):
        ready(page)
        maps = page.locator("#layer-strip canvas.maps")
        before = [maps.nth(place).evaluate(level) for place in range(6)]
        maps.nth(3).hover(position={"x": 6, "y": 6})
        page.wait_for_selector("#pad-field:not([hidden])")
        field, pad = page.locator("#pad-field").bounding_box(), page.locator("#pad").bounding_box()
        assert field is not None
        assert pad is not None
        # A unit of the second convolution sees 8 of the input's rows: kernels of 3, pooled by 2, and kernels of 3.
        assert field["height"] == pytest.approx(pad["height"] * 8 / 28, abs=2)
        after = [maps.nth(place).evaluate(level) for place in range(6)]
        assert after[2] == pytest.approx(before[2])  # all of its maps are read
        assert all(after[place] > before[place] + 20 for place in (1, 3, 5))
        page.mouse.move(0, 0)
        page.wait_for_selector("#lens", state="hidden")
        assert [maps.nth(place).evaluate(level) for place in range(6)] == before


def test_pointing_at_a_class_shows_what_each_unit_says_for_it(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    images = to_inputs(digits_record.evidence.test_images[:1]) if digits_record.evidence else None
    assert images is not None
    last = digits_record.network.layers[-1]
    hidden = activations(digits_record.network, images)[digits_record.network.layers[-2].name][0]
    shares = np.sort(np.abs(hidden * last.weights["kernel"][:, 3]))[::-1]
    with opened(browser, write_page(page_text)) as (page, _):
        ready(page)
        page.locator("#prediction-bars [data-class='3']").hover()
        ribbons = page.locator("#layer-links path")
        widths = sorted((float(each.get_attribute("stroke-width") or 0) for each in ribbons.all()), reverse=True)
        assert len(widths) == min(40, int((shares > 0).sum()))
        expected = np.maximum(0.5, widths[0] * shares[: len(widths)] / shares[0])
        assert widths == pytest.approx(expected.tolist(), abs=0.01)
        page.mouse.move(0, 0)
        assert ribbons.count() == 0


def test_a_file_dropped_anywhere_is_opened_and_of_three_digits_the_pad_says_so(
    browser: Browser, write_page: Write, mnist_text: str, tmp_path: Path
) -> None:
    sheet = sheet_of_photos("174", np.random.default_rng(3))
    Image.fromarray(sheet).save(tmp_path / "three.png")
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        page.locator("footer").scroll_into_view_if_needed()
        box = page.locator("footer").bounding_box()
        assert box is not None
        devtools = page.context.new_cdp_session(page)
        data = {"items": [], "files": [str(tmp_path / "three.png")], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            devtools.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 20, "y": box["y"] + 10, "data": data})
        until(page, "document.getElementById('chooser-name').textContent === 'three.png'")
        until(page, "document.getElementById('pad-note').textContent.endsWith('digits found; the largest is used.')")
        assert page.locator(".pad-box #pad-note").count() == 1
        assert troubles == []


def test_present_mode_shows_the_stage_alone_in_large_type(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, write_page(page_text)) as (page, troubles):
        ready(page)
        before = page.locator("#pad").bounding_box()
        page.keyboard.press("p")
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
        assert not page.locator("h1").is_visible()
        assert not page.locator("main").is_visible()
        after = page.locator("#pad").bounding_box()
        assert before is not None
        assert after is not None
        assert after["height"] > 1.2 * before["height"]
        page.keyboard.press("Escape")
        assert page.locator("h1").is_visible()
        page.locator("#present-button").click()
        assert page.locator("#present-button").inner_text() == "Leave (Esc)"
        assert not page.locator("main").is_visible()
        page.locator("#present-button").click()
        assert page.locator("main").is_visible()
        assert troubles == []


def test_classes_below_a_thousandth_are_folded_and_bars_begin_at_one_place(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    from convscope.page.render import render

    from .conftest import with_class_names  # type: ignore[import-not-found]

    record = with_class_names(digits_record, ("a", *("Straßenbahn " * length for length in range(1, 10))))
    with opened(browser, write_page(render(record, []))) as (page, _):
        ready(page)
        rows = page.locator("#prediction-bars li:visible")
        assert rows.count() == 10
        tracks = page.locator(".bar-track").evaluate_all(
            "(tracks) => tracks.map((track) => track.getBoundingClientRect().left)"
        )
        assert len(set(tracks)) == 1
        name = page.locator("#prediction-class")
        assert name.evaluate("(name) => name.scrollWidth <= name.closest('#prediction').clientWidth")
        assert name.text_content() == answer(page)


@pytest.fixture(scope="session")
def colour_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a network for small colour images of 15 classes, more than get a bar at once."""
    folder = tmp_path_factory.mktemp("colour")
    random = np.random.default_rng(0)

    def images(number: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        labels = np.arange(number) % 15
        pixels = random.integers(0, 60, (number, 12, 12, 3))
        pixels[np.arange(number), 3:9, 3:9, labels % 3] += 150
        return pixels.astype(np.uint8), labels

    (x_train, y_train), (x_test, y_test) = images(240), images(60)
    np.savez(folder / "spots.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    run = train_with_page(folder / "spots.npz", folder / "run", epochs=1)
    return (run.folder / "report.html").read_text("utf-8")
