"""What happens inside, in a real Chromium: the arithmetic against NumPy, receptive fields against Python's, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize

import convscope
from convscope.analysis.activations import activations
from convscope.data.preprocessing import to_inputs
from convscope.models.network import Layer, Network
from convscope.models.receptive_field import receptive_fields, unused_input_pixels

from .conftest import train_with_page  # type: ignore[import-not-found]
from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import until, with_payload  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Position

pytestmark = pytest.mark.slow
Write = Callable[[str], str]
Account = dict[str, Any]

FRAMES = """
const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const go = async (parts) => {
  const others = location.hash.replace("#", "").split("&").filter((part) => part && !/^(layer|unit)=/.test(part));
  const hash = `#${[...others, ...parts].join("&")}`;
  if (hash === location.hash) return;
  const changed = new Promise((done) => addEventListener("hashchange", done, {once: true}));
  location.hash = hash;
  await changed;
  await frames();
};"""
OPEN_UNIT = f"""async ([layer, place]) => {{
  {FRAMES}
  await go([`layer=${{encodeURIComponent(layer)}}`, `unit=${{place.join(".")}}`]);
  const more = document.querySelector("#unit .arithmetic-more");
  if (!more.hidden && more.getAttribute("aria-expanded") === "false") more.click();
  await frames();
  return {{
    value: Number(document.getElementById("unit-value")?.dataset.value),
    sentence: document.getElementById("unit").querySelector(".unit-sentence").textContent,
    kind: document.querySelector("#unit .arithmetic").dataset.kind,
    terms: [...document.querySelectorAll("#unit .arithmetic [data-term]")].map(({{dataset, textContent}}) => ({{
      term: dataset.term, value: Number(dataset.value), text: textContent, index: Number(dataset.index ?? -1),
    }})),
  }};
}}"""
"""Goes to a unit by the address, shows all of its arithmetic, and reads it."""
OPEN_LAYER = f"""async (layer) => {{
  {FRAMES}
  await go([`layer=${{encodeURIComponent(layer)}}`]);
}}"""
STEPS = [
    ("ArrowDown", [2, 2, 7]), ("ArrowRight", [2, 3, 7]), ("PageDown", [2, 3, 8]), ("ArrowUp", [1, 3, 8]),
    ("ArrowLeft", [1, 2, 8]), ("PageUp", [1, 2, 7]), ("Home", [0, 0, 7]), ("ArrowUp", [0, 0, 7]),
]  # fmt: skip
"""Keys, and where they lead from row 1, column 2, channel 7."""
TILES = """() => [...document.querySelectorAll("#inside-tiles .channel-tile")].map((tile) => {
  const canvas = tile.querySelector("canvas.pixels");
  const bytes = canvas.width ? canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data : [];
  return [bytes.filter((byte, place) => place % 4 === 3 && byte).length, parseFloat(canvas.style.width) / canvas.width,
    tile.querySelector("bdi").textContent];
})"""
"""For each tile how many units are painted, the size of one, and its name."""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
HATCHED = """() => {
  const sheet = document.querySelector("#unit .unit-inputs .unit-picture:not([hidden]) canvas.marks");
  const picture = document.querySelector("#unit .unit-inputs .unit-picture:not([hidden]) canvas.pixels");
  const scale = parseFloat(picture.style.width) / picture.width;
  const bytes = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data;
  const isMarked = (row, column) => {
    for (let y = 2; y < scale - 2; y++) {
      for (let x = 2; x < scale - 2; x++) {
        if (bytes[4 * ((4 + row * scale + y) * sheet.width + 4 + column * scale + x) + 3]) return 1;
      }
    }
    return 0;
  };
  const columns = Array.from({length: picture.width}, (_, column) => column);
  return Array.from({length: picture.height}, (_, row) => columns.map((column) => isMarked(row, column)));
}"""
"""Which pixels of the image have something drawn over their middle."""


@pytest.fixture(scope="module")
def logistic_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    return train_with_page("digits", tmp_path_factory.mktemp("runs") / "logistic", model="logistic", epochs=1)


@pytest.fixture(scope="module")
def ann_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    return train_with_page("digits", tmp_path_factory.mktemp("runs") / "ann", model="ann", epochs=1)


@pytest.fixture(scope="module")
def colour_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    """Coloured squares on 11 × 13 pixels, of which the poolings of `cnn` drop some."""
    folder = tmp_path_factory.mktemp("colours")
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, 260)
    images = random.integers(0, 90, (260, 11, 13, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3:8, 4:9, label] = 230
    np.savez(folder / "colours.npz", x_train=images[:200], y_train=labels[:200], x_test=images[200:], y_test=labels[200:])
    return train_with_page(folder / "colours.npz", folder / "run", epochs=1)


@contextmanager
def inside(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, once it is live, with its first layer open if the address names none."""
    options.setdefault("reduced_motion", "reduce")
    with opened(browser, address if "#" in address else f"{address}#inside", **options) as (page, troubles):
        page.wait_for_selector("html[data-ready=true]", state="attached")
        page.wait_for_selector("#inside-panel:not([hidden])")
        yield page, troubles


@pytest.fixture(scope="module")
def digits_pages(browser: Browser, digits_run: convscope.Run) -> Iterator[tuple[Page, list[str]]]:
    with inside(browser, (digits_run.folder / "report.html").as_uri()) as opened_page:
        yield opened_page


@pytest.fixture(scope="module")
def colour_pages(browser: Browser, colour_run: convscope.Run) -> Iterator[tuple[Page, list[str]]]:
    with inside(browser, (colour_run.folder / "report.html").as_uri()) as opened_page:
        yield opened_page


@pytest.fixture
def page(digits_pages: tuple[Page, list[str]]) -> Iterator[Page]:
    """A page for all tests that open the layer or the unit that they look at."""
    yield digits_pages[0]
    assert own_troubles(digits_pages[1]) == []


@pytest.fixture
def colour_page(colour_pages: tuple[Page, list[str]]) -> Iterator[Page]:
    """The same of a network for colour images."""
    yield colour_pages[0]
    assert own_troubles(colour_pages[1]) == []


def own_troubles(troubles: list[str]) -> list[str]:
    """Without Chromium's advice to the tests, which read pixels back as often as they need them."""
    return [trouble for trouble in troubles if "willReadFrequently" not in trouble]


def open_layer(page: Page, name: str) -> None:
    page.evaluate(OPEN_LAYER, name)


def page_of(run: convscope.Run) -> str:
    return (run.folder / "report.html").read_text("utf-8")


def numpy_activations(run: convscope.Run, image: int = 0) -> dict[str, Any]:
    """What NumPy makes of a test image, by layer."""
    evidence = run.record.evidence
    assert evidence is not None
    inputs = to_inputs(evidence.test_images[image : image + 1])
    return {name: values[0] for name, values in activations(run.record.network, inputs).items()}


def random_units(network: Network, count: int, seed: int = 1) -> list[tuple[Layer, list[int]]]:
    """Of every layer as many, so that small ones are not left out."""
    random = np.random.default_rng(seed)
    layers = [network.layers[number % len(network.layers)] for number in range(count)]
    return [(layer, [int(random.integers(extent)) for extent in layer.output_shape]) for layer in layers]


def total(account: Account, *names: str) -> float:
    return fsum(each["value"] for each in account["terms"] if each["term"] in names)


def last(account: Account, name: str) -> float:
    return float([each["value"] for each in account["terms"] if each["term"] == name][-1])


def check_arithmetic(layer: Layer, account: Account, expected: float) -> None:
    """Every sum that is shown is the sum of what is shown before it, and the last one is NumPy's number."""
    tolerance = 2e-5 * max(1.0, abs(expected))
    kind = account["kind"]
    if kind in ("convolution", "dense"):
        sums = total(account, "product")
        assert sums == pytest.approx(last(account, "sum"), abs=tolerance)
        before = sums + last(account, "bias")
        if kind == "convolution":
            parts = [
                [each["value"] for each in account["terms"] if each["term"] == name]
                for name in ("input", "weight", "product")
            ]
            assert len(parts[0]) == layer.weights["kernel"][..., 0].size
            assert np.allclose(np.multiply(parts[0], parts[1]), parts[2], rtol=1e-6)
        if layer.settings["activation"] == "softmax":
            assert before == pytest.approx(last(account, "before"), abs=tolerance)
            assert total(account, "exponential") == pytest.approx(last(account, "total"))
            assert total(account, "share") == pytest.approx(1)
        else:
            assert before == pytest.approx(last(account, "before"), abs=tolerance)
            assert max(before, 0) == pytest.approx(expected, abs=tolerance)
    elif kind == "maximum":
        assert max(each["value"] for each in account["terms"] if each["term"] == "window") == pytest.approx(
            expected, abs=tolerance
        )
    else:
        assert kind == "copy"
    assert last(account, "after") == pytest.approx(expected, abs=tolerance)
    assert account["value"] == pytest.approx(expected, abs=tolerance)


def printed(text: str) -> tuple[float, int]:
    """The number that a text begins with, and its decimals."""
    found = re.match(r"[=+ ]*(−? ?)([\d,]+(?:\.(\d+))?)", text)
    assert found, text
    return float(found[2].replace(",", "")) * (-1 if "−" in found[1] else 1), len(found[3] or "")


def test_the_arithmetic_of_units_of_every_layer_adds_up_to_what_numpy_computes(
    page: Page, digits_run: convscope.Run
) -> None:
    expected = numpy_activations(digits_run)
    for layer, place in random_units(digits_run.record.network, 12):
        account = account_of(page, layer.name, place)
        check_arithmetic(layer, account, float(expected[layer.name][tuple(place)]))


def account_of(page: Page, layer: str, place: list[int]) -> dict[str, Any]:
    """The arithmetic of a unit, once it is that one which is shown."""
    numbers = place if len(place) < 3 else [place[2], place[0], place[1]]
    for _ in range(20):
        account: dict[str, Any] = page.evaluate(OPEN_UNIT, [layer, place])
        name, _, rest = account["sentence"].partition(",")
        if name == layer and [int(each) for each in re.findall(r"\d+", rest)][: len(place)] == numbers:
            return account
    raise AssertionError(f"{layer}, {place} was not opened: {account['sentence']}")


def show_all_terms(page: Page, wanted: str) -> None:
    """All of them ("true"), or the largest alone and the others as one sum ("false"). The page draws when it comes to it, on a
    busy machine some frames later."""
    for _ in range(20):
        page.evaluate(DRAWN)
        if page.get_attribute("#unit .arithmetic-more", "aria-expanded") == wanted:
            return
        page.locator("#unit .arithmetic-more").click()
    raise AssertionError(f"aria-expanded did not become {wanted}")


def test_what_is_printed_adds_up_within_its_digits(page: Page) -> None:
    for name, place in (("conv2d_1", [1, 2, 7]), ("dense", [17]), ("dense_1", [3])):
        account_of(page, name, place)
        show_all_terms(page, "true")
        show_all_terms(page, "false")
        terms = page.eval_on_selector_all(
            "#unit .arithmetic-lines tr", "(rows) => rows.map((row) => [row.dataset.term, row.textContent])"
        )
        numbers = {term: printed(text) for term, text in terms}
        parts = [printed(text) for term, text in terms if term in ("channel-sum", "shown", "rest")]
        unit = 10.0 ** -numbers["sum"][1]
        assert sum(value for value, _ in parts) == pytest.approx(numbers["sum"][0], abs=len(parts) * unit)
        assert numbers["sum"][0] + numbers["bias"][0] == pytest.approx(numbers["before"][0], abs=2 * unit)
    coarse = page.text_content("#unit .arithmetic-lines [data-term=sum]")
    finer = page.locator("#unit .arithmetic-finer")
    finer.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#unit .arithmetic-finer[aria-pressed=true]")
    page.wait_for_function(
        "(coarse) => document.querySelector('#unit .arithmetic-lines [data-term=sum]')?.textContent !== coarse",
        arg=coarse,
    )
    value, text = page.eval_on_selector(
        "#unit .arithmetic-lines [data-term=sum]", "(row) => [row.dataset.value, row.textContent]"
    )
    assert printed(text) == (pytest.approx(float(value), abs=1e-6), numbers["sum"][1] + 4)


def test_every_layer_shows_every_channel_at_one_scale(page: Page, digits_run: convscope.Run) -> None:
    network = digits_run.record.network
    crumbs = page.locator("#inside-panel .crumb bdi").all_text_contents()
    assert crumbs == [layer.name for layer in network.layers]
    for layer in network.layers:
        open_layer(page, layer.name)
        tiles = page.evaluate(TILES)
        if len(layer.output_shape) == 3:
            rows, columns, channels = layer.output_shape
            assert [units for units, _, _ in tiles] == [rows * columns] * channels
            assert len({scale for _, scale, _ in tiles}) == 1
            assert [name for _, _, name in tiles] == [str(channel) for channel in range(channels)]
        else:
            assert len(tiles) == min(24, layer.output_shape[0])


def test_units_of_a_flat_layer_are_sorted_and_the_others_are_summed_up(page: Page, digits_run: convscope.Run) -> None:
    network = digits_run.record.network
    values = numpy_activations(digits_run)["dense"]
    weights = network.layers[-1].weights["kernel"]
    open_layer(page, "dense")
    shown = [int(name) for _, _, name in page.evaluate(TILES)]
    assert np.abs(values[shown]).tolist() == pytest.approx(sorted(np.abs(values), reverse=True)[: len(shown)], abs=1e-6)
    others = page.locator("#inside-others").text_content() or ""
    assert others.startswith(f"The other {len(values) - len(shown)} units add up to ")
    rest = float(others.split()[-1].rstrip(".").replace("−", "-"))
    assert rest == pytest.approx(values.sum() - values[shown].sum(), rel=5e-3, abs=1e-6)
    page.locator("#inside-sort").get_by_text("contribution to the class").click()
    page.evaluate(DRAWN)
    first = int(page.evaluate(TILES)[0][2])
    predicted = int(digits_run.evaluation.predictions[0])
    contributions = np.abs(values * weights[:, predicted])
    assert contributions[first] == pytest.approx(contributions.max(), abs=1e-6)


def test_the_units_of_the_classes_have_the_one_probability_of_the_page(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    def calibrate(payload: dict[str, Any]) -> None:
        payload["metrics"].setdefault("uncertainty", {})["temperature"] = 0.4

    with inside(browser, f"{write_page(with_payload(page_text, calibrate))}#layer=dense_1") as (page, troubles):
        answer = (page.locator("#inside-panel .inside-answer").text_content() or "").rsplit(" ", 1)
        tile = page.locator(f".channel-tile:has(bdi:text-is('{answer[0]}'))")
        assert tile.locator(".n").text_content() == answer[1]
        assert (tile.get_attribute("aria-label") or "").endswith(f", {answer[1]}. Open.")
        assert page.locator("#inside-legends .scale-legend").first.is_hidden()
        tile.click()
        page.wait_for_selector("#unit:not([hidden])")
        assert f" before calibration, {answer[1]} after it. " in (page.locator("#unit-sentence").text_content() or "")
        assert troubles == []


def test_the_scale_can_be_that_of_each_channel_or_of_all_layers(browser: Browser, write_page: Write, page_text: str) -> None:
    legend = "document.querySelector('#inside-legends .scale-numbers').lastChild.textContent"
    with inside(browser, f"{write_page(page_text)}#layer=max_pooling2d_1") as (page, _):
        by_layer = page.evaluate(legend)
        choice = page.locator("#inside-scale")
        choice.get_by_text("all layers", exact=True).click()
        page.evaluate(DRAWN)
        of_all = page.evaluate(legend)
        until(page, "location.hash.includes('scale=all')")
        open_layer(page, "conv2d")
        assert page.evaluate(legend) == of_all
        # It is one choice for the whole page.
        assert page.locator("#layer-strip-scale input:checked").get_attribute("value") == "all"
        choice.get_by_text("each channel", exact=True).click()
        page.evaluate(DRAWN)
        assert page.evaluate(legend) == "most of each"
        choice.get_by_text("each layer", exact=True).click()
        until(page, "!location.hash.includes('scale=')")  # the address is written a third of a second later
        open_layer(page, "max_pooling2d_1")
        assert page.evaluate(legend) == by_layer


def test_the_receptive_field_that_is_told_is_pythons(colour_page: Page, colour_run: convscope.Run) -> None:
    network = colour_run.record.network
    height, width, _ = colour_run.record.request["dataset"]["image_shape"]
    for layer, reach in zip(network.layers, receptive_fields(network), strict=True):
        if reach is None or len(layer.output_shape) != 3:
            continue
        for place in ([extent - 1 for extent in layer.output_shape],):
            account = account_of(colour_page, layer.name, place)
            edges = []
            for axis, extent in ((0, height), (1, width)):
                first = reach.start[axis] + place[axis] * reach.jump[axis]
                edges.append((max(first, 0), min(first + reach.size[axis], extent) - 1))
            words = [f"{what}s {low} to {high}" for what, (low, high) in zip(("row", "column"), edges, strict=True)]
            assert f"Its receptive field: {', '.join(words)} of the image." in account["sentence"]


def test_pixels_that_cannot_matter_are_struck_out_and_the_text_says_why(
    colour_page: Page, colour_run: convscope.Run
) -> None:
    rows, columns = unused_input_pixels(colour_run.record.network)
    assert rows
    assert columns
    colour_page.evaluate(OPEN_UNIT, ["conv2d", [0, 0, 0]])
    marked = np.array(colour_page.evaluate(HATCHED))
    blind = np.zeros_like(marked)
    blind[rows] = 1
    blind[:, columns] = 1
    marked[:4, :4] = 0  # the outline of the unit's receptive field
    assert (marked == blind).all()
    assert colour_page.get_by_text("The hatched pixels are unused.").is_visible()


def test_colour_images_are_shown_in_colour_and_by_channel(colour_page: Page, colour_run: convscope.Run) -> None:
    expected = numpy_activations(colour_run)
    evidence = colour_run.record.evidence
    assert evidence is not None
    for layer, place in random_units(colour_run.record.network, 14, seed=2):
        check_arithmetic(layer, account_of(colour_page, layer.name, place), float(expected[layer.name][tuple(place)]))
    colour_page.evaluate(OPEN_UNIT, ["conv2d", [0, 0, 0]])
    show_all_terms(colour_page, "true")
    assert colour_page.locator("#unit .channel-name").all_text_contents() == ["red", "green", "blue"]
    image = evidence.test_images[0].astype(int)
    pictures = colour_page.evaluate(
        """() => [...document.querySelectorAll("#unit .unit-inputs canvas.pixels")].map((canvas) => [canvas.width,
          [...canvas.getContext("2d").getImageData(0, 0, canvas.width || 1, canvas.height || 1).data]])"""
    )
    shown = [np.array(pixels).reshape(-1, width, 4)[..., :3] for width, pixels in pictures if width == 13]
    assert len(shown) == 4
    for channel in range(3):
        assert np.abs(shown[channel][..., 0] - image[..., channel]).max() <= 1
    assert (shown[3] == image).all()


def test_pointing_at_the_map_moves_the_window_and_a_click_keeps_it_there(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    expected = numpy_activations(digits_run)["conv2d"]
    with inside(browser, f"{write_page(page_of(digits_run))}#layer=conv2d&unit=0.0.1") as (page, _):
        canvas = page.locator("#unit .unit-row > .unit-picture canvas.pixels")
        scale = canvas.evaluate("(canvas) => parseFloat(canvas.style.width) / canvas.width")
        position: Position = {"x": 5.5 * scale, "y": 2.5 * scale}
        canvas.hover(position=position)
        page.evaluate(DRAWN)
        sentence = page.locator("#unit-sentence").text_content() or ""
        assert sentence.startswith("conv2d, channel 1, row 2, column 5, has the value ")
        assert sentence.endswith("Its receptive field: rows 1 to 3, columns 4 to 6 of the image.")
        value = float(page.locator("#unit-value").get_attribute("data-value") or "nan")
        assert value == pytest.approx(float(expected[2, 5, 1]), abs=1e-5)
        page.mouse.move(0, 0)
        page.evaluate(DRAWN)
        assert (page.locator("#unit-sentence").text_content() or "").startswith("conv2d, channel 1, row 0, column 0")
        canvas.click(position=position)
        page.wait_for_url("**unit=2.5.1*")


def test_units_channels_and_layers_are_reached_by_keyboard_and_said(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    focused = "document.activeElement.getAttribute('aria-label')"
    with inside(browser, f"{write_page(page_text)}#layer=conv2d_1&unit=1.2.7") as (page, troubles):
        page.locator("#unit .unit-cell").focus()
        for keys, place in STEPS:
            page.keyboard.press(keys)
            page.wait_for_timeout(60)
            row, column, channel = place
            assert page.evaluate(focused).startswith(f"channel {channel}, row {row}, column {column}: ")
        page.wait_for_timeout(400)
        assert page.locator("#unit .unit-row > .unit-picture [role=status]").text_content() == page.evaluate(focused)
        assert "unit=0.0.7" in page.url
        page.keyboard.press("Escape")
        page.evaluate(DRAWN)
        assert page.evaluate(focused) == "channel 7. Open."
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focused) == "channel 8. Open."
        page.keyboard.press("Enter")
        page.evaluate(DRAWN)
        assert page.evaluate("document.activeElement.className") == "unit-cell"
        assert page.evaluate(focused).startswith("channel 8, row ")
        page.locator("#inside-panel .crumb[aria-current]").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        page.wait_for_url("**layer=max_pooling2d")
        assert page.evaluate(focused) == "channel 0. Open."
        assert troubles == []


def test_the_panel_opens_beside_the_pad_without_scrolling_and_gives_the_focus_back(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.className"
    with opened(browser, write_page(page_text)) as (page, troubles):
        page.wait_for_selector("html[data-ready=true]", state="attached")
        page.set_viewport_size({"width": 1366, "height": 625})
        block = page.locator("#layer-list button.layer-face").nth(2)
        name = block.get_attribute("aria-label")
        block.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#inside-panel:not([hidden])")
        page.wait_for_timeout(400)
        assert page.evaluate(focused) == "channel 0. Open."
        assert not page.locator("#layer-strip").is_visible()
        assert page.locator("#pad").is_visible()
        answer = page.locator("#inside-panel .inside-answer").text_content() or ""
        assert answer.startswith(page.evaluate("convscope.answer()"))
        page.keyboard.press("Enter")
        page.wait_for_selector("#unit:not([hidden])")
        pad, panel = page.locator("#pad").bounding_box(), page.locator("#unit .unit-row").bounding_box()
        assert pad is not None
        assert panel is not None
        assert panel["x"] >= pad["x"] + pad["width"]
        assert panel["y"] + panel["height"] <= 625
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_selector("#inside-panel", state="hidden")
        page.evaluate(DRAWN)
        assert page.evaluate(focused) == name
        assert page.evaluate("scrollY") == 0
        assert troubles == []


def test_the_strongest_unit_follows_the_image_until_the_reader_picks_another(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    first, second = (numpy_activations(digits_run, image)["conv2d"] for image in (0, 1))
    strongest = [
        [divmod(int(values[..., each].argmax()), values.shape[1]) for values in (first, second)] for each in range(16)
    ]
    channel = next(each for each, (one, other) in enumerate(strongest) if one != other)
    places = strongest[channel]
    with inside(browser, f"{write_page(page_of(digits_run))}#layer=conv2d") as (page, _):
        page.locator(".channel-tile").nth(channel).click()
        page.wait_for_url(f"**unit={places[0][0]}.{places[0][1]}.{channel}*")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**unit={places[1][0]}.{places[1][1]}.{channel}*")
        page.locator("#unit .unit-cell").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(300)
        picked = page.evaluate("location.hash.match(/unit=([^&]*)/)[1]")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(300)
        assert page.evaluate("location.hash.match(/unit=([^&]*)/)[1]") == picked


def test_a_kernel_is_predicted_before_it_moves_and_the_right_answer_is_its_own_map(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    kernel = digits_run.record.network["conv2d"].weights["kernel"][:, :, 0, 4]
    with inside(
        browser, f"{write_page(page_of(digits_run))}#layer=conv2d&unit=0.0.4&theme=light", reduced_motion="no-preference"
    ) as (page, troubles):
        page.locator("#unit .play").click()
        answers = page.locator(".stroke-answer")
        assert answers.count() == 3
        assert page.locator("#unit .play").text_content() == "Play"
        answers.nth(0).click()
        truths = [answer.get_attribute("data-truth") for answer in answers.all()]
        assert truths.count("right") == 1
        assert (page.locator(".question-told").text_content() or "").startswith(
            "Correct" if truths[0] == "right" else "No, "
        )
        pixels = page.locator(".stroke-answer[data-truth=right] canvas.pixels").evaluate(
            "(canvas) => [canvas.width, [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]]"
        )
        drawn = np.array(pixels[1]).reshape(-1, pixels[0], 4)
        side = 2 + 2 * (3 + len(kernel) - 1)
        stroke = np.zeros((side, side))
        stroke[2:-2, side // 2 - 1 : side // 2 + 1] = 1
        windows = np.lib.stride_tricks.sliding_window_view(stroke, kernel.shape)
        response = (windows * kernel).sum(axis=(2, 3))
        colours = colormaps["RdBu_r"](Normalize(-np.abs(response).max(), np.abs(response).max())(response), bytes=True)
        assert np.abs(drawn.astype(int) - colours).max() <= 12
        page.locator("#unit .play").click()
        page.wait_for_selector("#unit .unit-cell:not([aria-label^='channel 4, row 0, column 0'])")
        assert page.locator(".kernel-question").is_hidden()
        assert troubles == []


def test_only_one_channel_one_layer_and_one_unit_are_stops_of_the_tab_key(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with inside(browser, write_page(page_text)) as (page, _):
        assert page.locator("#inside-tiles [tabindex='0']").count() == 1
        assert page.locator("#inside-panel .crumb[tabindex='0']").count() == 1
        page.evaluate(OPEN_UNIT, ["conv2d_1", [0, 0, 0]])
        assert page.locator("#unit [role=gridcell]").count() == 1
        assert page.locator("#unit .small-map[tabindex='0']").count() == 1


def test_a_link_to_the_last_layer_shows_its_name_on_a_phone(browser: Browser, write_page: Write, page_text: str) -> None:
    with opened(browser, f"{write_page(page_text)}#layer=dense_1", width=390) as (page, _):
        until(page, "document.querySelector('.crumb[aria-current]')")
        crumb, around = page.locator(".crumb[aria-current]").bounding_box(), page.locator(".crumbs ol").bounding_box()
        assert crumb is not None
        assert around is not None
        assert crumb["x"] + crumb["width"] <= around["x"] + around["width"] + 1


def test_any_input_channel_can_be_chosen_and_the_sum_stays(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    sums = """() => [...document.querySelectorAll("#unit .arithmetic-lines tr")].map(
      (row) => [row.dataset.term, Number(row.dataset.value)])"""
    with inside(browser, f"{write_page(page_of(digits_run))}#layer=conv2d_1&unit=1.1.3") as (page, _):
        page.wait_for_selector("#unit .small-map")
        for number in (0, 5, 11):
            page.locator("#unit .small-map").nth(number).click()
            page.evaluate(DRAWN)
            assert page.locator("#unit .arithmetic-channel").get_attribute("data-channel") == str(number)
            terms = dict(page.evaluate(sums))
            assert terms["channel-sum"] + terms["rest"] == pytest.approx(terms["sum"], abs=1e-6)
            shown = page.eval_on_selector_all(
                "#unit [data-term=product]", "(cells) => cells.map(({dataset}) => Number(dataset.value))"
            )
            assert fsum(shown) == pytest.approx(terms["channel-sum"], abs=1e-6)


def test_the_winner_of_a_pooling_is_a_door_to_the_layer_before(page: Page, digits_run: convscope.Run) -> None:
    expected = numpy_activations(digits_run)
    place = np.unravel_index(expected["max_pooling2d"].argmax(), expected["max_pooling2d"].shape)
    page.evaluate(OPEN_UNIT, ["max_pooling2d", [int(index) for index in place]])
    page.locator("#unit .link").click()
    page.wait_for_timeout(100)
    winner = np.unravel_index(expected["conv2d"].argmax(), expected["conv2d"].shape)
    page.wait_for_url(f"**layer=conv2d&unit={winner[0]}.{winner[1]}.{winner[2]}*")


def test_a_clicked_bar_lays_the_attribution_over_the_pad_by_three_methods(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    picture = "document.getElementById('pad-attribution').toDataURL()"
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        page.wait_for_selector("html[data-ready=true]", state="attached")
        controls = page.locator("#pad-attribution-controls")
        assert not controls.is_visible()
        found: dict[str, list[str]] = {}
        for way in ("a bar", "a link"):
            if way == "a bar":
                page.locator("#prediction-bars button[aria-pressed]").first.click()
                page.wait_for_url("**target=*")
            else:
                page.evaluate("location.hash = `#target=${(Number(location.hash.match(/target=([0-9]+)/)[1]) + 1) % 10}`")
                page.wait_for_timeout(400)
            target = page.evaluate("location.hash.match(/target=([0-9]+)/)[1]")
            page.wait_for_selector(f"#pad-attribution-controls[data-done='test-0 {target}']")
            assert page.locator("#pad-attribution").is_visible()
            for method in ("Gradient × input", "Integrated gradients", "Occlusion"):
                controls.get_by_text(method, exact=True).click()
                result = page.locator("#pad-attribution-controls .attribution-result").text_content() or ""
                found.setdefault(method, []).extend([page.evaluate(picture), result])
            assert (page.locator("#pad-attribution").get_attribute("aria-label") or "").startswith("Occlusion for ")
        pictures = [each[place] for each in found.values() for place in (0, 2)]
        assert len(set(pictures)) == 6
        for result in found["Integrated gradients"][1::2]:
            numbers = [float(number.replace("−", "-")) for number in re.findall(r"−?\d+\.\d+", result)]
            assert numbers[1] - numbers[2] == pytest.approx(numbers[3], abs=0.02)
            assert numbers[0] == pytest.approx(numbers[3], abs=max(0.1, 0.05 * abs(numbers[3])))
        page.keyboard.press("Escape")
        page.wait_for_selector("#pad-attribution-controls", state="hidden")
        assert not page.locator("#pad-attribution").is_visible()
        assert "target=" not in page.url
        assert troubles == []


def test_another_image_changes_the_arithmetic_and_the_attribution(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with inside(browser, f"{write_page(page_text)}#layer=conv2d&unit=3.3.0&target=1") as (page, troubles):
        before = page.locator("#unit-value").get_attribute("data-value")
        page.wait_for_selector("#pad-attribution-controls[data-done='test-0 1']")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#pad-attribution-controls[data-done='test-1 1']")
        assert page.locator("#unit-value").get_attribute("data-value") != before
        assert troubles == []


def test_the_weights_of_a_class_are_a_picture_and_each_is_told(
    browser: Browser, write_page: Write, logistic_run: convscope.Run
) -> None:
    layer = logistic_run.record.network.layers[-1]
    kernel = layer.weights["kernel"]
    with inside(browser, f"{write_page(page_of(logistic_run))}#layer={layer.name}") as (page, troubles):
        units = page.evaluate("""() => [
          ...document.querySelectorAll("#inside-tiles .pixel-picture:not([hidden]) canvas.pixels")].reduce((sum, canvas) => sum +
            canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
            .filter((byte, place) => place % 4 === 3 && byte).length, 0)""")
        assert units == kernel.size
        number = 1
        tile = page.locator(".channel-tile:has(bdi:text-is('1'))")
        canvas = tile.locator(".pixel-picture:not([hidden]) canvas.pixels")
        scale = canvas.evaluate("(canvas) => parseFloat(canvas.style.width) / canvas.width")
        canvas.hover(position={"x": 2.5 * scale, "y": 3.5 * scale})  # row 3, column 2
        said = page.locator("#inside-told").text_content() or ""
        assert said.startswith(f"class {number}, row 3, column 2: ")
        assert printed(said.split(": ")[1])[0] == pytest.approx(float(kernel[3 * 8 + 2, number]), rel=1e-3)
        page.locator(".channel-tile").first.focus()
        page.keyboard.press("ArrowRight")
        number = int(page.evaluate("document.activeElement.querySelector('bdi').textContent"))
        row, column = divmod(int(np.abs(kernel[:, number]).argmax()), 8)
        said = page.locator("#inside-told").text_content() or ""
        assert said.startswith(f"Largest weight of class {number} in magnitude: ")
        assert said.endswith(f" (row {row}, column {column})")
        assert printed(said.split(": ")[1])[0] == pytest.approx(float(kernel[8 * row + column, number]), rel=1e-3)
        page.keyboard.press("Enter")
        page.wait_for_selector("#unit:not([hidden])")
        assert page.locator("#unit .unit-choice label:not([hidden]) input").input_value() == str(number)
        assert page.evaluate("document.activeElement.className") == "unit-cell"
        assert troubles == []


@pytest.mark.parametrize("fixture", ["ann_run", "logistic_run"])
def test_networks_without_feature_maps_are_worked_out_too(
    browser: Browser, write_page: Write, fixture: str, request: pytest.FixtureRequest
) -> None:
    run: convscope.Run = request.getfixturevalue(fixture)
    expected = numpy_activations(run)
    with inside(browser, write_page(page_of(run))) as (page, troubles):
        for layer, place in random_units(run.record.network, 12):
            check_arithmetic(layer, account_of(page, layer.name, place), float(expected[layer.name][tuple(place)]))
        page.evaluate(OPEN_UNIT, [run.record.network.layers[-1].name, [3]])
        asked = page.eval_on_selector_all(
            "#inside-panel th.n", "(heads) => heads.map((head) => head.querySelector('.ask') !== null)"
        )
        assert len(asked) == 7
        assert all(asked)
        for layer in run.record.network.layers:
            open_layer(page, layer.name)
        assert troubles == []


def test_a_layer_of_an_unknown_kind_is_named_and_what_comes_before_it_is_shown(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    def change(payload: dict[str, Any]) -> None:
        payload["network"]["layers"][3]["kind"] = "FractionalPooling"

    with inside(browser, write_page(with_payload(page_text, change))) as (page, troubles):
        notice = page.locator("#inspector-problem").text_content() or ""
        assert notice.startswith("The layer max_pooling2d_1 is a FractionalPooling")
        assert page.locator("#inside-panel .crumb bdi").all_text_contents() == ["conv2d", "max_pooling2d", "conv2d_1"]
        assert page.locator("#inside-panel .inside-answer").text_content() == "No prediction"
        assert troubles == []


def test_nothing_moves_before_it_is_asked_to_and_then_stops_when_asked(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    label = "document.querySelector('#unit .unit-cell').getAttribute('aria-label')"
    address = f"{write_page(page_text)}#layer=conv2d&unit=0.0.0"
    with inside(browser, address, reduced_motion="no-preference") as (page, _):
        page.wait_for_timeout(500)
        still = page.evaluate(label)
        page.wait_for_timeout(500)
        assert page.evaluate(label) == still
        button = page.locator("#unit .play")
        button.click()
        page.locator(".kernel-question").get_by_text("Skip").click()
        assert page.locator(".walk-speed").get_attribute("aria-valuetext") == "4 places a second"
        page.locator(".walk-speed").fill("5")
        assert page.locator(".walk-speed").get_attribute("aria-valuetext") == "32 places a second"
        button.click()
        page.wait_for_selector("#unit .unit-cell:not([aria-label^='channel 0, row 0'])")
        button.click()
        page.wait_for_timeout(150)
        stopped = page.evaluate(label)
        page.wait_for_timeout(500)
        assert page.evaluate(label) == stopped
    with inside(browser, address) as (page, _):
        assert not page.locator("#unit .play").is_visible()
        page.locator("#unit .step-unit").click()
        page.locator(".kernel-question").get_by_text("Skip").click()
        page.locator("#unit .step-unit").click()
        page.wait_for_url("**unit=0.1.0*")


def test_hostile_names_of_classes_do_nothing_in_the_arithmetic(
    browser: Browser, write_page: Write, hostile_text: str
) -> None:
    with inside(browser, f"{write_page(hostile_text)}#layer=dense_1&unit=0&target=1") as (page, troubles):
        assert "</script><script>alert(1)</script>" in (page.locator("#unit .unit-sentence").text_content() or "")
        page.wait_for_selector("#pad-attribution-controls[data-done]")
        open_layer(page, "dense_1")
        assert page.locator("#inside-panel img").count() == 0
        assert troubles == []


def test_paper_has_the_figures_and_the_screen_the_live_views(browser: Browser, write_page: Write, page_text: str) -> None:
    with inside(browser, write_page(page_text)) as (page, _):
        assert page.locator("#inside .static svg:visible").count() == 0
        page.emulate_media(media="print")
        assert page.locator("#inside .static svg:visible").count() > 0
        assert not page.locator("#inside-panel").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_insides_never_scroll_the_page_sideways(browser: Browser, write_page: Write, page_text: str, width: int) -> None:
    with inside(browser, write_page(page_text), width=width) as (page, _):
        for layer, unit in (("conv2d_1", [1, 1, 3]), ("max_pooling2d", [0, 0, 0]), ("dense", [3]), ("dense_1", [7])):
            open_layer(page, layer)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.evaluate(OPEN_UNIT, [layer, unit])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
