"""What the inspector outlines and draws: the receptive field of the open unit, and every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize

import convscope
from convscope.models.receptive_field import receptive_fields

from .test_inspector import account_of, inside, open_layer, page_of  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

MARGIN = 4
"""Pixels by which the sheet of outlines stands out of the picture below it."""
OUTLINE = """() => {
  const line = [...document.querySelectorAll("#unit .unit-inputs .unit-picture")].at(-1);
  const [picture, sheet] = ["pixels", "marks"].map((kind) => line.querySelector(`canvas.${kind}`));
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [sheet.width, sheet.height];
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(sheet, 0, 0);
  const {data} = context.getImageData(0, 0, sheet.width, sheet.height);
  const white = [];
  for (let place = 0; place < data.length; place += 4) {
    if (data[place] === 255 && data[place + 1] === 255 && data[place + 2] === 255 && data[place + 3] === 255) white.push(place / 4);
  }
  const rows = white.map((place) => Math.floor(place / sheet.width));
  const columns = white.map((place) => place % sheet.width);
  const scale = parseFloat(picture.style.width) / picture.width;
  return [Math.min(...rows), Math.min(...columns), Math.max(...rows), Math.max(...columns), scale, white.length];
}"""
"""The rectangle that white lines lie in, both ends included, and the size of a unit."""
KERNELS = """() => [...document.querySelectorAll("#inside-tiles .pixel-picture:nth-child(2) canvas.pixels")].map((canvas) => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  return [canvas.width, [...context.getImageData(0, 0, canvas.width, canvas.height).data]];
})"""


def test_the_open_unit_outlines_its_receptive_field_on_the_image(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    network = digits_run.record.network
    height, width, _ = network.input_shape
    with inside(browser, write_page(page_of(digits_run))) as (page, troubles):
        for layer, reach in zip(network.layers, receptive_fields(network), strict=True):
            if reach is None or len(layer.output_shape) != 3:
                continue
            rows, columns, _ = layer.output_shape
            for place in ((0, 0, 0), (rows // 2, columns // 2, 1), (rows - 1, columns - 1, 2)):
                account_of(page, layer.name, list(place))
                top, left, bottom, right, scale, marked = page.evaluate(OUTLINE)
                line = 1 if scale < 5 else 2
                edges = []
                for axis, extent in ((0, height), (1, width)):
                    first = reach.start[axis] + place[axis] * reach.jump[axis]
                    edges += [max(first, 0), min(first + reach.size[axis], extent)]
                outer = [MARGIN + edge * scale for edge in edges]
                assert [top, bottom] == pytest.approx([outer[0] - line, outer[1] + line - 1]), (layer.name, place)
                assert [left, right] == pytest.approx([outer[2] - line, outer[3] + line - 1]), (layer.name, place)
                sides = [(edges[1] - edges[0]) * scale, (edges[3] - edges[2]) * scale]
                assert marked == pytest.approx(2 * line * (sum(sides) + 2 * line))  # an outline, and nothing else
        assert troubles == []


@pytest.mark.parametrize("scale", ["filter", "layer"])
def test_every_kernel_of_every_convolution_is_drawn_in_the_colours_of_its_weights(
    browser: Browser, write_page: Write, digits_run: convscope.Run, scale: str
) -> None:
    with inside(browser, f"{write_page(page_of(digits_run))}#theme=light&layer=conv2d") as (page, troubles):
        if scale == "layer":
            page.locator("#inside-kernel-scale").get_by_text("the layer").click()
        for layer in digits_run.record.network.of_kind("Conv2D"):
            open_layer(page, layer.name)
            kernel = layer.weights["kernel"]
            size, _, channels, filters = kernel.shape
            tiles = page.evaluate(KERNELS)
            assert len(tiles) == filters
            for number, (width, levels) in enumerate(tiles):
                picture = np.array(levels, np.uint8).reshape(-1, width, 4)
                own = kernel[..., number]
                assert (picture[..., 3] > 0).sum() == own.size
                extent = np.abs(own if scale == "filter" else kernel).max()
                colours = colormaps["RdBu_r"](Normalize(-extent, extent)(own), bytes=True)
                per_line = (width + 1) // (size + 1)
                for channel in range(channels):
                    top, left = (each * (size + 1) for each in divmod(channel, per_line))
                    drawn = picture[top : top + size, left : left + size].astype(int)
                    # Two steps of the scale at most: on their border the last bit decides.
                    assert np.abs(drawn - colours[:, :, channel]).max() <= 12, (layer.name, number, channel)
        assert troubles == []
