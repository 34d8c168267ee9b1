"""What happens inside, in a real Chromium: the arithmetic against NumPy, receptive fields against Python's, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convscope
from convscope.data.scaling import to_inputs
from convscope.models.activations import activations
from convscope.models.network import Layer, Network
from convscope.models.receptive_field import receptive_fields, unused_input_pixels

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import with_payload  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Position

pytestmark = pytest.mark.slow
Write = Callable[[str], str]
Account = dict[str, Any]

FRAMES = "const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
OPEN_UNIT = f"""async ([layer, place]) => {{
  {FRAMES}
  document.querySelector("[data-part=unit]").scrollIntoView({{behavior: "instant"}}); // what is out of sight is not drawn
  const [select, ...fields] = document.querySelectorAll("#unit .unit-choice :is(select, input)");
  select.value = layer;
  select.dispatchEvent(new Event("change"));
  await frames();
  const [channel, row, column, unit] = fields;
  const axes = place.length === 3 ? [row, column, channel] : [unit];
  axes.forEach((field, axis) => {{ field.value = place[axis]; }});
  axes[0].dispatchEvent(new Event("input"));
  await frames();
  const more = document.querySelector("#unit .arithmetic-more");
  if (!more.hidden && more.getAttribute("aria-expanded") === "false") more.click();
  await frames();
  return {{
    value: Number(document.getElementById("unit-value").dataset.value),
    sentence: document.getElementById("unit").querySelector(".unit-sentence").textContent,
    kind: document.querySelector("#unit .arithmetic").dataset.kind,
    terms: [...document.querySelectorAll("#unit .arithmetic [data-term]")].map(({{dataset, textContent}}) => ({{
      term: dataset.term, value: Number(dataset.value), text: textContent, index: Number(dataset.index ?? -1),
    }})),
  }};
}}"""
"""Goes to a unit by the fields, shows all of its arithmetic, and reads it."""
STEPS = [
    ("ArrowDown", [2, 2, 7]), ("ArrowRight", [2, 3, 7]), ("PageDown", [2, 3, 8]), ("ArrowUp", [1, 3, 8]),
    ("ArrowLeft", [1, 2, 8]), ("PageUp", [1, 2, 7]), ("Home", [0, 0, 7]), ("ArrowUp", [0, 0, 7]),
]  # fmt: skip
"""Keys, and where they lead from row 1, column 2, channel 7."""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
HATCHED = """() => {
  const sheet = document.querySelector("#unit .unit-picture canvas.marks");
  const picture = document.querySelector("#unit .unit-picture canvas.pixels");
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
    return convscope.train("digits", model="logistic", epochs=1, out=tmp_path_factory.mktemp("runs") / "logistic")


@pytest.fixture(scope="module")
def ann_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    return convscope.train("digits", model="ann", epochs=1, out=tmp_path_factory.mktemp("runs") / "ann")


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
    return convscope.train(folder / "colours.npz", epochs=1, out=folder / "run")


@contextmanager
def inside(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, scrolled to the open unit."""
    options.setdefault("reduced_motion", "reduce")
    with opened(browser, address, **options) as (page, troubles):
        page.wait_for_selector("html[data-ready=true]", state="attached")
        scroll_to(page, "unit")
        yield page, troubles


def scroll_to(page: Page, part: str) -> None:
    page.locator(f"[data-part={part}]").evaluate("(part) => part.scrollIntoView({behavior: 'instant'})")
    page.wait_for_timeout(150)


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
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    expected = numpy_activations(digits_run)
    with inside(browser, write_page(page_of(digits_run))) as (page, troubles):
        for layer, place in random_units(digits_run.record.network, 12):
            account = account_of(page, layer.name, place)
            check_arithmetic(layer, account, float(expected[layer.name][tuple(place)]))
        assert troubles == []


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


def test_what_is_printed_adds_up_within_its_digits(browser: Browser, write_page: Write, digits_run: convscope.Run) -> None:
    with inside(browser, write_page(page_of(digits_run))) as (page, _):
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


def test_the_whole_network_is_drawn_to_scale_with_every_channel(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    with inside(browser, write_page(page_of(digits_run))) as (page, _):
        scroll_to(page, "network")
        rows = page.eval_on_selector_all(
            "#network-grid [data-layer]",
            """(rows) => rows.map((row) => {
              const canvas = row.querySelector("canvas.pixels");
              const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              return [row.dataset.layer, bytes.filter((byte, place) => place % 4 === 3 && byte).length,
                parseFloat(canvas.style.width) / canvas.width];
            })""",
        )
        network = digits_run.record.network
        assert [name for name, _, _ in rows] == ["the image", *(layer.name for layer in network.layers)]
        assert [units for _, units, _ in rows[1:]] == [int(np.prod(layer.output_shape)) for layer in network.layers]
        pictures = {
            scale for (_, _, scale), layer in zip(rows[1:], network.layers, strict=True) if len(layer.output_shape) == 3
        }
        assert len(pictures) == 1
        assert pictures.pop() == rows[0][2] == int(rows[0][2])


def test_the_scale_can_be_that_of_each_channel_or_of_all_layers(browser: Browser, write_page: Write, page_text: str) -> None:
    legends = (
        "[...document.querySelectorAll('#network-grid .scale-numbers')].slice(1)"
        ".map((numbers) => numbers.lastChild.textContent)"
    )
    with inside(browser, write_page(page_text)) as (page, _):
        scroll_to(page, "network")
        by_layer = page.evaluate(legends)
        choice = page.locator("#network-grid-scale")
        choice.get_by_text("all layers", exact=True).click()
        page.evaluate(DRAWN)
        assert len(set(page.evaluate(legends))) == 1
        # It is one choice for the whole page, and the river says so too.
        assert page.locator("#layer-strip-scale input:checked").get_attribute("value") == "all"
        page.locator("#layer-strip-scale").scroll_into_view_if_needed()  # it is drawn when it is seen
        page.wait_for_timeout(200)
        ends = page.locator("#layer-strip .legend-ends span:last-child").all_text_contents()
        assert len(set(filter(None, ends))) == 1
        scroll_to(page, "network")
        choice.get_by_text("each channel", exact=True).click()
        page.evaluate(DRAWN)
        assert page.evaluate(legends)[0] == "most of each"
        page.locator("#layer-strip-scale").get_by_text("each layer", exact=True).click()
        page.evaluate(DRAWN)
        assert choice.locator("input:checked").get_attribute("value") == "layer"
        scroll_to(page, "network")
        assert page.evaluate(legends) == by_layer


def test_the_receptive_field_that_is_told_is_pythons(browser: Browser, write_page: Write, colour_run: convscope.Run) -> None:
    network = colour_run.record.network
    height, width, _ = colour_run.record.request["dataset"]["image_shape"]
    with inside(browser, write_page(page_of(colour_run))) as (page, troubles):
        for layer, reach in zip(network.layers, receptive_fields(network), strict=True):
            if reach is None or len(layer.output_shape) != 3:
                continue
            for place in ([extent - 1 for extent in layer.output_shape],):
                account = account_of(page, layer.name, place)
                edges = []
                for axis, extent in ((0, height), (1, width)):
                    first = reach.start[axis] + place[axis] * reach.jump[axis]
                    edges.append((max(first, 0), min(first + reach.size[axis], extent) - 1))
                words = [f"{what}s {low} to {high}" for what, (low, high) in zip(("row", "column"), edges, strict=True)]
                assert f"Its receptive field: {', '.join(words)} of the image." in account["sentence"]
        assert troubles == []


def test_pixels_that_cannot_matter_are_struck_out_and_the_text_says_why(
    browser: Browser, write_page: Write, colour_run: convscope.Run
) -> None:
    rows, columns = unused_input_pixels(colour_run.record.network)
    assert rows
    assert columns
    with inside(browser, write_page(page_of(colour_run))) as (page, _):
        page.evaluate(OPEN_UNIT, ["conv2d", [0, 0, 0]])
        marked = np.array(page.evaluate(HATCHED))
        blind = np.zeros_like(marked)
        blind[rows] = 1
        blind[:, columns] = 1
        marked[:4, :4] = 0  # the outline of the unit's receptive field
        assert (marked == blind).all()
        assert page.get_by_text("The hatched pixels are unused.").is_visible()


def test_colour_images_are_shown_in_colour_and_by_channel(
    browser: Browser, write_page: Write, colour_run: convscope.Run
) -> None:
    expected = numpy_activations(colour_run)
    evidence = colour_run.record.evidence
    assert evidence is not None
    with inside(browser, write_page(page_of(colour_run))) as (page, troubles):
        for layer, place in random_units(colour_run.record.network, 14, seed=2):
            check_arithmetic(layer, account_of(page, layer.name, place), float(expected[layer.name][tuple(place)]))
        page.evaluate(OPEN_UNIT, ["conv2d", [0, 0, 0]])
        assert page.locator("#unit .channel-name").all_text_contents() == ["red", "green", "blue"]
        scroll_to(page, "network")
        pixels = page.evaluate("""() => {
          const canvas = document.querySelector("#network-grid canvas.pixels");
          return [canvas.width, [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]];
        }""")
        picture = np.array(pixels[1]).reshape(-1, pixels[0], 4)
        image = evidence.test_images[0].astype(int)
        assert (picture[:, :13, :3] == image).all()
        for channel in range(3):
            assert (picture[:, 14 * (channel + 1) : 14 * (channel + 1) + 13, 0] == image[..., channel]).all()
        assert troubles == []


def test_pointing_at_a_unit_tells_its_value_and_a_click_opens_it(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    expected = numpy_activations(digits_run)["conv2d"]
    with inside(browser, write_page(page_of(digits_run))) as (page, _):
        scroll_to(page, "network")
        canvas = page.locator("#network-grid [data-layer=conv2d] canvas.pixels")
        scale = canvas.evaluate("(canvas) => parseFloat(canvas.style.width) / canvas.width")
        position: Position = {"x": (9 * 1 + 5 + 0.5) * scale, "y": (2 + 0.5) * scale}  # channel 1, row 2, column 5
        canvas.hover(position=position)
        lens = page.locator("#unit-lens")
        assert lens.is_visible()
        words = lens.locator("p").all_text_contents()
        assert words[0] == "conv2d, channel 1, row 2, column 5"
        assert printed(words[1])[0] == pytest.approx(float(expected[2, 5, 1]), abs=1e-3)
        assert words[2] == "Receptive field: rows 1 to 3, columns 4 to 6 of the image."
        canvas.click(position=position)
        page.wait_for_url("**unit=2.5.1*")
        assert "layer=conv2d" in page.url
        page.mouse.move(0, 0)
        assert not lens.is_visible()


def test_units_layers_and_channels_are_reached_by_keyboard_and_said(
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
        assert page.locator("#unit [role=status]").text_content() == page.evaluate(focused)
        assert "unit=0.0.7" in page.url
        page.keyboard.press("Escape")
        assert page.evaluate(focused).startswith("conv2d_1, channel 7 of 32")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focused).startswith("conv2d_1, channel 8 of 32")
        page.keyboard.press("ArrowUp")
        assert page.evaluate(focused).startswith("max_pooling2d, channel ")
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        assert page.evaluate("document.activeElement.className") == "unit-cell"
        assert page.locator("#unit select").input_value() == "max_pooling2d"
        assert troubles == []


def test_only_one_unit_and_one_layer_are_stops_of_the_tab_key(browser: Browser, write_page: Write, page_text: str) -> None:
    with inside(browser, write_page(page_text)) as (page, _):
        scroll_to(page, "network")
        assert page.locator("#network-grid [tabindex='0']").count() == 1
        assert page.locator("#unit [role=gridcell]").count() == 1


def test_the_winner_of_a_pooling_is_a_door_to_the_layer_before(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    expected = numpy_activations(digits_run)
    place = np.unravel_index(expected["max_pooling2d"].argmax(), expected["max_pooling2d"].shape)
    with inside(browser, write_page(page_of(digits_run))) as (page, _):
        page.evaluate(OPEN_UNIT, ["max_pooling2d", [int(index) for index in place]])
        page.locator("#unit .link").click()
        page.wait_for_timeout(100)
        winner = np.unravel_index(expected["conv2d"].argmax(), expected["conv2d"].shape)
        assert page.locator("#unit select").input_value() == "conv2d"
        values = [page.locator("#unit .unit-choice input").nth(number).input_value() for number in range(3)]
        assert [int(value) for value in values] == [winner[2], winner[0], winner[1]]


def test_evidence_for_another_class_is_another_one_and_adds_up_to_its_logits(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    picture = "(way) => document.querySelector(`[data-method=${way}] canvas.pixels`).toDataURL()"
    ways = ("gradient", "integrated", "occlusion")
    with inside(browser, write_page(page_text)) as (page, troubles):
        scroll_to(page, "evidence")
        page.wait_for_selector("#class-attribution[data-done]")
        predicted = page.locator(".class-tile[aria-pressed=true]")
        assert predicted.count() == 1
        first = {way: page.evaluate(picture, way) for way in ways}
        said = [page.locator(f"[data-method={way}] .attribution-result").text_content() for way in ways]
        other = page.locator(".class-tile[aria-pressed=false]").nth(2)
        name = other.locator("bdi").text_content()
        other.click()
        page.wait_for_selector(f"#class-attribution[data-done$=' {name}']")
        assert f"target={name}" in page.url
        for way, before in zip(ways, said, strict=True):
            assert page.evaluate(picture, way) != first[way]
            assert page.locator(f"[data-method={way}] .attribution-result").text_content() != before
        found = page.locator("[data-method=integrated] .attribution-result").text_content() or ""
        numbers = [float(number.replace("−", "-")) for number in re.findall(r"−?\d+\.\d+", found)]
        assert numbers[1] - numbers[2] == pytest.approx(numbers[3], abs=0.02)
        assert numbers[0] == pytest.approx(numbers[3], abs=max(0.1, 0.05 * abs(numbers[3])))
        assert troubles == []


def test_a_changed_image_changes_the_wall_the_arithmetic_and_the_evidence(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with inside(browser, f"{write_page(page_text)}#layer=conv2d&unit=3.3.0") as (page, troubles):
        before = page.locator("#unit-value").get_attribute("data-value")
        scroll_to(page, "evidence")
        page.wait_for_selector("#class-attribution[data-done^='test-0 ']")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#class-attribution[data-done^='test-1 ']")
        scroll_to(page, "unit")
        assert page.locator("#unit-value").get_attribute("data-value") != before
        assert troubles == []


def test_every_kernel_has_its_picture_and_a_class_its_weights(
    browser: Browser, write_page: Write, logistic_run: convscope.Run
) -> None:
    kernel = logistic_run.record.network.layers[-1].weights["kernel"]
    with inside(browser, write_page(page_of(logistic_run))) as (page, troubles):
        scroll_to(page, "kernels")
        page.wait_for_timeout(200)
        units = page.evaluate("""() => {
          const canvas = document.querySelector("#kernel-list canvas.pixels");
          const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return bytes.filter((byte, place) => place % 4 === 3 && byte).length;
        }""")
        assert units == kernel.size
        canvas = page.locator("#kernel-list canvas.pixels").first
        scale = canvas.evaluate("(canvas) => parseFloat(canvas.style.width) / canvas.width")
        canvas.hover(position={"x": (9 + 2.5) * scale, "y": 3.5 * scale})  # class 1, row 3, column 2
        said = page.locator("#kernel-list .kernel-head p").first.text_content() or ""
        assert said.startswith("class 1, row 3, column 2: ")
        assert printed(said.split(": ")[1])[0] == pytest.approx(float(kernel[3 * 8 + 2, 1]), rel=1e-3)
        page.locator("#kernel-list .kernel-scroll").first.focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowRight"):  # the first, and two further
            page.keyboard.press(key)
        row, column = divmod(int(np.abs(kernel[:, 2]).argmax()), 8)
        said = page.locator("#kernel-list .kernel-head p").first.text_content() or ""
        assert said.startswith(f"class 2, row {row}, column {column}: ")
        assert printed(said.split(": ")[1])[0] == pytest.approx(float(kernel[8 * row + column, 2]), rel=1e-3)
        page.keyboard.press("Enter")
        assert page.locator("#unit .unit-choice label:visible input").input_value() == "2"
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
            "#inspector th.n", "(heads) => heads.map((head) => head.querySelector('.ask') !== null)"
        )
        assert len(asked) == 7
        assert all(asked)
        for part in ("network", "kernels", "evidence", "classes"):
            scroll_to(page, part)
        page.wait_for_selector("#class-attribution[data-done]")
        assert troubles == []


def test_a_layer_of_an_unknown_kind_is_named_and_what_comes_before_it_is_shown(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    def change(payload: dict[str, Any]) -> None:
        payload["network"]["layers"][3]["kind"] = "FractionalPooling"

    with inside(browser, write_page(with_payload(page_text, change))) as (page, troubles):
        notice = page.locator("#inspector-problem").text_content() or ""
        assert notice.startswith("The layer max_pooling2d_1 is a FractionalPooling")
        rows = page.eval_on_selector_all("#network-grid [data-layer]", "(rows) => rows.map((row) => row.dataset.layer)")
        assert rows == ["the image", "conv2d", "max_pooling2d", "conv2d_1"]
        assert not page.locator("[data-part=evidence]").is_visible()
        scroll_to(page, "kernels")
        assert troubles == []


def test_nothing_moves_before_it_is_asked_to_and_then_stops_when_asked(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    label = "document.querySelector('#unit .unit-cell').getAttribute('aria-label')"
    with inside(browser, f"{write_page(page_text)}#layer=conv2d&unit=0.0.0", reduced_motion="no-preference") as (page, _):
        page.wait_for_timeout(500)
        still = page.evaluate(label)
        page.wait_for_timeout(500)
        assert page.evaluate(label) == still
        button = page.locator("#unit .play")
        button.click()
        page.wait_for_selector("#unit .unit-cell:not([aria-label^='channel 0, row 0'])")
        button.click()
        page.wait_for_timeout(150)
        stopped = page.evaluate(label)
        page.wait_for_timeout(500)
        assert page.evaluate(label) == stopped
    with inside(browser, write_page(page_text)) as (page, _):
        assert not page.locator("#unit .play").is_visible()


def test_hostile_names_of_classes_do_nothing_in_the_arithmetic(
    browser: Browser, write_page: Write, hostile_text: str
) -> None:
    with inside(browser, f"{write_page(hostile_text)}#layer=dense_1&unit=0") as (page, troubles):
        assert "</script><script>alert(1)</script>" in (page.locator("#unit .unit-sentence").text_content() or "")
        for part in ("network", "kernels", "evidence", "classes"):
            scroll_to(page, part)
        page.wait_for_selector("#class-attribution[data-done]")
        assert page.locator("#inspector img").count() == 0
        assert troubles == []


def test_paper_has_the_figures_and_the_screen_the_live_views(browser: Browser, write_page: Write, page_text: str) -> None:
    with inside(browser, write_page(page_text)) as (page, _):
        assert page.locator("#inside .static svg:visible").count() == 0
        page.emulate_media(media="print")
        assert page.locator("#inside .static svg:visible").count() > 0
        assert not page.locator("#inspector").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_insides_never_scroll_the_page_sideways(browser: Browser, write_page: Write, page_text: str, width: int) -> None:
    with inside(browser, write_page(page_text), width=width) as (page, _):
        for part in ("network", "unit", "kernels", "evidence", "classes"):
            scroll_to(page, part)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
