"""The network in the page is the one that Keras trained: on every test image, in every layer, after every epoch."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import convscope
from convscope.analysis.activations import activations
from convscope.analysis.epoch_snapshots import page_weights
from convscope.data.dataset import Dataset
from convscope.data.preprocessing import to_inputs
from convscope.models.network import Network, from_description
from convscope.page.bundle import JS, bundle
from convscope.runs.record import RunRecord

from .test_browser import opened  # type: ignore[import-not-found]
from .test_live import STRIP_MAPS, STROKES, draw, ready  # type: ignore[import-not-found]
from .test_results import until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

KERNELS = (
    "[...document.querySelectorAll('#inside-tiles .pixel-picture:nth-child(2) canvas.pixels')]"
    ".map((each) => each.toDataURL())"
)
"""Of the layers whose weights are in sight without a click: the convolutions."""
SETTLED = "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 50))"
ENGINE = """import {makeNetwork, makeWorkspace, runNetwork} from "./network/network.js";
import {readWeights} from "./data/weights.js";
window.runAll = async (text) => {
  const payload = JSON.parse(document.getElementById("payload").textContent);
  const network = makeNetwork(payload.network, await readWeights(document, payload, "final"));
  const workspace = makeWorkspace(network);
  const inputs = Float32Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255);
  const answers = [];
  for (let start = 0; start < inputs.length; start += 784) {
    answers.push(...runNetwork(network, inputs.subarray(start, start + 784), workspace).probabilities);
  }
  return answers;
};
"""
"""The page's modules on the page's weights, with the workspace that the page has: half the time of the door for scripts."""


def test_the_network_agrees_with_keras_on_every_test_image(
    browser: Browser, write_page: Write, mnist_text: str, mnist_run: convscope.Run, mnist: Dataset, tmp_path: Path
) -> None:
    modules = Path(shutil.copytree(JS, tmp_path / "js"))
    (modules / "all.js").write_text(ENGINE, "utf-8")
    expected = mnist_run.model.predict(to_inputs(mnist.test.images), batch_size=1000, verbose=0)
    with opened(browser, write_page(mnist_text)) as (page, troubles):
        ready(page)
        page.set_default_timeout(180_000)
        page.evaluate(bundle(modules, "all.js"))
        answers = page.evaluate("(text) => runAll(text)", base64.b64encode(mnist.test.images.tobytes()).decode())
        door = page.evaluate(
            "(pixels) => convscope.run(pixels).probabilities", (mnist.test.images[9_999].ravel() / 255).tolist()
        )
        assert troubles == []
    probabilities = np.array(answers).reshape(10_000, 10)
    assert np.abs(probabilities - expected).max() <= 1e-5
    assert (probabilities.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert (probabilities.argmax(axis=1) == mnist_run.evaluation.predictions).all()
    assert door == answers[-10:]


def test_the_door_gives_every_layer_as_plain_numbers(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord, digits: Dataset
) -> None:
    network: Network = digits_record.network
    image = digits.test.images[:1]
    with opened(browser, write_page(page_text)) as (page, _):
        ready(page)
        pixels = (image[0].ravel() / 255).tolist()
        result = page.evaluate("(pixels) => convscope.run(pixels)", pixels)
        assert page.evaluate("(pixels) => Array.isArray(convscope.run(pixels).activations.conv2d.data)", pixels)
    expected = activations(network, to_inputs(image))
    assert list(result["activations"]) == [layer.name for layer in network.layers]
    for layer in network.layers:
        found = result["activations"][layer.name]
        assert found["shape"] == list(layer.output_shape)
        assert np.allclose(np.reshape(found["data"], found["shape"]), expected[layer.name][0], atol=1e-5)


def test_the_film_runs_the_weights_of_its_epoch_in_kernels_maps_and_for_the_drawing(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord, digits: Dataset
) -> None:
    weights = page_weights(digits_record.network, digits_record.snapshots[0])
    early = from_description(digits_record.network.description(), weights)
    image = digits.test.images[3:4]
    pixels = (image[0].ravel() / 255).tolist()
    with opened(browser, write_page(page_text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        draw(page, STROKES["7"])
        late_maps = page.evaluate(STRIP_MAPS)
        page.wait_for_timeout(300)  # the address is written with a pause
        page.evaluate("location.hash += '&layer=conv2d'")
        page.wait_for_selector("#inside-panel:not([hidden])")
        page.evaluate(SETTLED)
        late_kernels = page.evaluate(KERNELS)
        page.keyboard.press("Escape")
        late = page.evaluate("(pixels) => convscope.run(pixels).probabilities", pixels)
        page.locator(".epoch-control input").fill("0")
        until(page, "([pixels, late]) => String(convscope.run(pixels).probabilities) !== String(late)", [pixels, late])
        assert (page.locator(".epoch-text").text_content() or "").startswith("After epoch 1 of 2")
        found = page.evaluate("(pixels) => convscope.run(pixels)", pixels)
        for name, expected in activations(early, to_inputs(image)).items():
            values = np.reshape(found["activations"][name]["data"], expected[0].shape)
            assert np.allclose(values, expected[0], atol=1e-5), name
        page.wait_for_timeout(300)  # the address is written with a pause
        page.evaluate("location.hash += '&layer=conv2d'")
        page.wait_for_selector("#inside-panel:not([hidden])")
        page.evaluate(SETTLED)
        kernels = page.evaluate(KERNELS)
        assert len(kernels) >= 2
        assert all(early != late for early, late in zip(kernels, late_kernels, strict=True))
        page.keyboard.press("Escape")
        page.locator("#pad").scroll_into_view_if_needed()
        page.evaluate(SETTLED)
        maps = page.evaluate(STRIP_MAPS)
        assert maps[0] == late_maps[0]  # the drawing itself
        assert all(early != late for early, late in zip(maps[1:], late_maps[1:], strict=True))
        assert troubles == []
