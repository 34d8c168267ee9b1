"""PNG files that other programs can read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from convscope.figures.png import png_bytes


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 3), (300, 2, 3)])
def test_pillow_reads_the_pixels_that_were_written(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(png_bytes(pixels, dots_per_inch=144, title="t"))) as image:
        image.verify()
    with Image.open(io.BytesIO(png_bytes(pixels, dots_per_inch=144, title="t"))) as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), pixels)


def test_title_and_size_on_paper_are_in_the_file() -> None:
    title = "98% of שלום, \u201cquotes\u201d and 👩‍🔬"
    with Image.open(io.BytesIO(png_bytes(np.zeros((4, 4, 3), np.uint8), dots_per_inch=144, title=title))) as image:
        image.load()
        assert image.info["Title"] == title
        assert image.info["dpi"] == pytest.approx((144, 144), abs=0.01)
