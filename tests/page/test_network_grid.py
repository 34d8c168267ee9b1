"""What the inspector outline and draw: the receptive field of a unit that is pointed at, and every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize

import convscope
from convscope.models.receptive_field import receptive_fields

from .test_inspector import inside, page_of, scroll_to  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

MARGIN = 4
"""Pixels by which the sheet of outlines stands out of the picture below it."""
OUTLINE = """(row) => {
  const line = document.querySelector(`#network-grid [data-layer="${row}"]`);
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
BOARDS = """() => [...document.querySelectorAll("#kernel-list canvas.pixels")].map((canvas) => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  return [canvas.width, [...context.getImageData(0, 0, canvas.width, canvas.height).data]];
})"""


def point_at(page: Page, layer: str, place: tuple[int, int, int], columns: int) -> None:
    """At a unit in the first line of channels."""
    row, column, channel = place
    canvas = page.locator(f"#network-grid [data-layer={layer}] canvas.pixels")
    scale = canvas.evaluate("(canvas) => parseFloat(canvas.style.width) / canvas.width")
    canvas.hover(position={"x": ((columns + 1) * channel + column + 0.5) * scale, "y": (row + 0.5) * scale})


def test_pointing_at_a_unit_outlines_its_receptive_field_on_the_image(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    network = digits_run.record.network
    height, width, _ = network.input_shape
    with inside(browser, write_page(page_of(digits_run))) as (page, troubles):
        scroll_to(page, "network")
        for layer, reach in zip(network.layers, receptive_fields(network), strict=True):
            if reach is None or len(layer.output_shape) != 3:
                continue
            rows, columns, _ = layer.output_shape
            for place in ((0, 0, 0), (rows // 2, columns // 2, 1), (rows - 1, columns - 1, 2)):
                point_at(page, layer.name, place, columns)
                top, left, bottom, right, scale, marked = page.evaluate(OUTLINE, "the image")
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


def test_every_kernel_of_every_convolution_is_drawn_in_the_colours_of_its_weights(
    browser: Browser, write_page: Write, digits_run: convscope.Run
) -> None:
    convolutions = digits_run.record.network.of_kind("Conv2D")
    with inside(browser, f"{write_page(page_of(digits_run))}#theme=light") as (page, troubles):
        scroll_to(page, "kernels")
        for board in page.locator("#kernel-list canvas.pixels").all()[: len(convolutions)]:
            board.scroll_into_view_if_needed()
            page.wait_for_timeout(100)
        boards = page.evaluate(BOARDS)
        assert troubles == []
    for layer, (width, levels) in zip(convolutions, boards, strict=False):
        kernel = layer.weights["kernel"]
        size, _, channels, filters = kernel.shape
        picture = np.array(levels, np.uint8).reshape(-1, width, 4)
        assert (picture[..., 3] > 0).sum() == kernel.size
        colours = colormaps["RdBu_r"](Normalize(-np.abs(kernel).max(), np.abs(kernel).max())(kernel), bytes=True)
        height, per_line = channels * (size + 1) - 1, (width + 1) // (size + 1)
        for number, channel in np.ndindex(filters, channels):
            top = number // per_line * (height + 1) + channel * (size + 1)
            left = number % per_line * (size + 1)
            drawn = picture[top : top + size, left : left + size].astype(int)
            # Two steps of the scale at most: on their border the last bit decides.
            assert np.abs(drawn - colours[:, :, channel, number]).max() <= 12, (layer.name, number, channel)
