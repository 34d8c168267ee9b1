"""The page in Firefox and in WebKit, the engine of Safari: the same screen, the same numbers, the same drawing.

Skipped where a browser is missing or does not start; Chromium, in which all other tests run, is required.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from convscope.analysis.activations import activations
from convscope.data.dataset import Dataset
from convscope.data.preprocessing import to_inputs
from convscope.runs.record import RunRecord

from .engines import Engine, Firefox, WebKit, press, stroke  # type: ignore[import-not-found]
from .test_navigation import LINKS, OFFSET_OF_LINK  # type: ignore[import-not-found]

pytestmark = pytest.mark.slow

READY = "document.documentElement?.dataset.ready === 'true'"
SHOWN = """[...document.querySelectorAll("SELECTOR")].filter((each) => each.checkVisibility()).map((each) => {
  const {left, right, top, bottom} = each.getBoundingClientRect();
  return [left, right, top, bottom];
})"""
ENGINES: dict[str, Callable[[Path], Engine]] = {"Firefox": Firefox, "WebKit": WebKit}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    try:
        engine = ENGINES[request.param](tmp_path_factory.mktemp(request.param))
        engine.resize(1366, 625)
    except (OSError, RuntimeError) as fault:  # missing, or a machine on which it does not start: no fault of the page
        pytest.skip(f"{request.param} does not start here: {fault}")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def address(page_text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_text, "utf-8")
    return path.as_uri()


def until(engine: Engine, condition: str) -> None:
    polled = f"new Promise((done) => {{ const look = () => ({condition}) ? done(true) : setTimeout(look, 50); look(); }})"
    assert engine.evaluate(f"Promise.race([{polled}, new Promise((done) => setTimeout(done, 30_000, false))])"), condition


def opened(engine: Engine, address: str) -> Engine:
    if engine.troubles:
        engine.troubles.clear()
    engine.open(address)
    until(engine, READY)
    return engine


def boxes(engine: Engine, selector: str) -> list[list[float]]:
    found: list[list[float]] = engine.evaluate(SHOWN.replace("SELECTOR", selector))
    return found


@pytest.mark.rows(4)  # the width between is tried in Chromium too
@pytest.mark.parametrize("width", [1366, 1093, 768])
def test_every_layer_is_in_sight_in_its_order_and_nothing_overflows(engine: Engine, address: str, width: int) -> None:
    engine.resize(width, 625)
    try:
        opened(engine, address)
        until(engine, "document.querySelector('#layer-list > .layer')?.checkVisibility()")
        layers = boxes(engine, "#layer-list > .layer")
        ((left, right, *_),) = boxes(engine, "#layer-strip")
        assert len(layers) == engine.evaluate("document.querySelectorAll('#layer-list > .layer').length") >= 6
        assert all(left - 1 <= layer[0] and layer[1] <= right + 1 for layer in layers), (layers, left, right)
        assert all(before[1] <= after[0] + 1 or after[2] >= before[3] for before, after in pairwise(layers)), layers
        assert engine.evaluate("document.documentElement.scrollWidth") <= width
        assert not engine.troubles
    finally:
        engine.resize(1366, 625)


def test_pad_layers_and_answer_are_on_the_first_screen(engine: Engine, address: str) -> None:
    opened(engine, address)
    for part in ("#pad", "#layer-list > .layer", "#prediction-class", "#prediction-bars"):
        found = boxes(engine, part)
        assert found, part
        assert all(left >= 0 and right <= 1366 and bottom <= 625 for left, right, _, bottom in found), (part, found)


def test_the_network_gives_the_same_probabilities_as_numpy(
    engine: Engine, address: str, digits_record: RunRecord, digits: Dataset
) -> None:
    opened(engine, address)
    image = digits.test.images[:1]
    found = engine.evaluate(f"convscope.run({(image[0].ravel() / 255).tolist()})")
    expected = activations(digits_record.network, to_inputs(image))
    for layer in digits_record.network.layers:
        values = np.reshape(found["activations"][layer.name]["data"], layer.output_shape)
        assert np.allclose(values, expected[layer.name][0], atol=1e-5), layer.name
    assert np.allclose(found["probabilities"], expected[digits_record.network.layers[-1].name][0], atol=1e-6)


def test_a_drawing_reaches_every_layer_and_the_address_and_opens_again(engine: Engine, address: str) -> None:
    opened(engine, address)
    maps = "[...document.querySelectorAll('#layer-strip canvas.maps')].map((map) => map.toDataURL())"
    before = engine.evaluate(maps)
    ((left, right, top, bottom),) = boxes(engine, "#pad")
    across, down = right - left, bottom - top
    engine.act(stroke([(left + 0.5 * across, top + (0.15 + 0.07 * step) * down) for step in range(11)]))
    until(engine, "location.hash.includes('&ink=')")  # written once the stroke has ended
    after = engine.evaluate(maps)
    assert len(after) == len(before) >= 4
    assert all(one != other for one, other in zip(before, after, strict=True))
    answer = engine.evaluate("convscope.answer()")
    shared = engine.evaluate("location.href")
    opened(engine, shared)
    shown = "document.getElementById('prediction-class').textContent"
    assert engine.evaluate("convscope.answer()") == answer == engine.evaluate(shown)
    assert engine.evaluate("document.getElementById('pad').toDataURL()") != engine.evaluate(
        "(convscope.clear(), document.getElementById('pad').toDataURL())"
    )
    assert not engine.troubles


@pytest.mark.rows(2)
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (640, 844)])
def test_links_land_on_their_targets(engine: Engine, address: str, width: int, height: int) -> None:
    """WebKitGTK's window cannot be made as narrow as a phone; at 640 pixels the page has its narrow layout."""
    engine.resize(width, height)
    try:
        opened(engine, address)
        places = engine.evaluate(f"({LINKS})()")[::3]  # two seconds each; test_navigation.py tries all in Chromium
        assert len(places) >= 5
        offsets = {place: engine.evaluate(f"({OFFSET_OF_LINK})({json.dumps([place, False])})") for place in places}
        assert {place: offset for place, offset in offsets.items() if isinstance(offset, str) or abs(offset) > 8} == {}
        assert not engine.troubles
    finally:
        engine.resize(1366, 625)


def test_back_and_escape_undo_the_last_step(engine: Engine, address: str) -> None:
    opened(engine, address)
    layer = "new URLSearchParams(location.hash.slice(1)).get('layer')"
    engine.evaluate("document.querySelector('.layer-face[data-layer]').click()")
    until(engine, f"{layer} !== null")
    first = engine.evaluate(layer)
    until(engine, "document.getElementById('inside-panel').checkVisibility()")
    engine.evaluate("new Promise((done) => setTimeout(done, 1200))")  # another step is one of its own
    engine.evaluate("history.back()")
    until(engine, f"{layer} === null && !document.getElementById('inside-panel').checkVisibility()")
    engine.evaluate("history.forward()")
    until(engine, f"{layer} === '{first}' && document.getElementById('inside-panel').checkVisibility()")
    engine.act(press("Escape"))
    until(engine, f"{layer} === null && !document.getElementById('inside-panel').checkVisibility()")
    assert engine.evaluate("scrollY") == 0
    assert not engine.troubles
